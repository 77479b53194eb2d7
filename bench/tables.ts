/** The results as tables in Markdown. */
import { format } from "prettier";
import { type Pairs, RELATIONS, relations, runnings } from "./contention.js";
import { type Figure, isMet } from "./contract.js";
import { type Cost, operationNames } from "./cost.js";
import type { Both, Results } from "./results.js";
import { ourWorld } from "./world.js";

type Table = { title: string; note: string; head: string[]; rows: string[][] };

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const number = (value: number) => NUMBER.format(value);

/** An amount of bytes, in the largest unit that it fills. */
function size(bytes: number): string {
  if (bytes >= 1024 ** 2) return `${number(bytes / 1024 ** 2)} MB`;
  return bytes >= 1024 ? `${number(bytes / 1024)} KB` : `${number(bytes)} B`;
}

/** A figure that was not looked at, or that 0.3.1 has none of. */
const NONE = "–";

/** The whole report. */
export async function toMarkdown(results: Results, figures: Figure[]): Promise<string> {
  const tables = [
    contractTable(figures),
    costTable(results),
    contentionTable(results),
    housekeepingTable(results),
    computingTable(results),
    learnedTable(results),
  ];
  const sections = tables.map(({ title, note, head, rows }) => {
    const align = head.map((_, column) => (column === 0 ? "---" : "---:"));
    const lines = [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    return `## ${title}\n\n${note}\n\n${lines.join("\n")}\n`;
  });
  const intro =
    "# Cost, this version and 0.3.1\n\nWritten by `npm run bench`, which measures both versions in one run under " +
    "convex-test. Figures are of this version; those of 0.3.1 stand in brackets.\n";
  return await format([intro, ...sections].join("\n"), { parser: "markdown", printWidth: 100 });
}

const versus = <T>({ ours, legacy }: Both<T>, show: (value: T) => string) =>
  `${show(ours)} (${show(legacy)})`;

function contractTable(figures: Figure[]): Table {
  const verdict = (figure: Figure) => (isMet(figure) ? "met" : "MISSED");
  return {
    title: "What must hold",
    note:
      "For values of 14 KB where nothing else is said. A value's size has 1 KB to spare for its entry. A clear is counted until " +
      "no reader is served a cleared entry, a purge until none is stored.",
    head: ["figure", "measured", "at most", "", "0.3.1"],
    rows: figures.map((figure) => [
      figure.what,
      number(figure.measured),
      number(figure.limit),
      verdict(figure),
      figure.legacy === undefined ? NONE : number(figure.legacy),
    ]),
  };
}

function costTable({ costs }: Results): Table {
  const columns: [string, (cost: Cost) => string][] = [
    ["function calls", ({ calls }) => number(calls)],
    ["mutations", ({ mutations }) => number(mutations)],
    ["runs of the action", ({ actions }) => number(actions)],
    ["function handles", ({ handles }) => number(handles)],
    ["documents read", ({ documentsRead }) => number(documentsRead)],
    ["documents written", ({ documentsWritten }) => number(documentsWritten)],
    ["read", ({ bytesRead }) => size(bytesRead)],
    ["written", ({ bytesWritten }) => size(bytesWritten)],
  ];
  return {
    title: "Operations, for a value of 14 KB",
    note: "What Convex's query cache answers is a call that reads nothing.",
    head: ["operation", ...columns.map(([title]) => title)],
    rows: operationNames.map((operation) => [
      operation,
      ...columns.map(([, show]) => versus(costs[operation], show)),
    ]),
  };
}

const STALE_NOTE =
  "Housekeeping lists what to do in a query with `useStaleSnapshot`, whose reads conflict with nothing. In square " +
  "brackets: how many pairs would conflict if they did, where that is another figure.";

const showPairs = ({ pairs, conflicts, withStale }: Pairs) => {
  if (pairs === 0) return NONE;
  const stale = withStale === conflicts.length ? "" : ` [${number(withStale)}]`;
  return `${number(conflicts.length)}${stale} of ${number(pairs)}`;
};

function contentionTable({ contention }: Results): Table {
  return {
    title: "Contention",
    note:
      "Pairs of mutations of which one would have to be run again, of all pairs looked at, in databases in which no fill runs, " +
      `in which one does, and in which many do. ${STALE_NOTE}`,
    head: ["two mutations", "may conflict", "this version", "0.3.1"],
    rows: relations.map((relation) => [
      relation,
      RELATIONS[relation].mayConflict ? "yes" : "no",
      ...[contention.ours, contention.legacy].map((of) => showPairs(of.relations[relation])),
    ]),
  };
}

function housekeepingTable({ contention }: Results): Table {
  return {
    title: "Housekeeping beside each step of a fill",
    note:
      "A batch of each job, beside each mutation that a fill, a refresh or a change of an entry consists of, on entries of which this is " +
      `stored. ${STALE_NOTE}`,
    head: ["job", "", ...ourWorld.contents, "steps that conflict"],
    rows: Object.entries(contention.ours.housekeeping).flatMap(([job, byRunning]) =>
      runnings.map((running) => {
        const cells = Object.values(byRunning[running]);
        const steps = cells.flatMap(({ conflicts }) => conflicts.map(stepOf));
        return [job, running, ...cells.map(showPairs), [...new Set(steps)].join("; ") || NONE];
      }),
    ),
  };
}

/** The step in "purge of entries and claim (A: live, no fill)". */
const stepOf = (pair: string) => / and (.*) \(/.exec(pair)?.[1] ?? pair;

function computingTable({ computing }: Results): Table {
  const time = (ms: number) => `${number(ms)} ms`;
  const ratio = ({ ours, legacy }: { ours: number; legacy: number | null }) =>
    legacy === null ? NONE : `× ${number(ours / legacy)}`;
  return {
    title: "Computing time",
    note:
      "The code of one `settle` and one `read` with the database stubbed, of the second that a transaction has; medians, " +
      "and noisy. The arguments are parsed from JSON and the results turned into JSON, as the runtime does. The ratio is to " +
      "0.3.1's `put` and `get`, which can't store values over 1 MiB. What no document can hold crosses to the component as " +
      "a string of JSON, which these transactions neither parse nor pack.",
    head: ["value", "settle", "settle / put of 0.3.1", "read", "read / get of 0.3.1"],
    rows: computing.map(({ size, kind, store, read }) => [
      `${size} of ${kind}`,
      time(store.ours),
      ratio(store),
      time(read.ours),
      ratio(read),
    ]),
  };
}

function learnedTable({ learned }: Results): Table {
  const percent = (part: number) => `${number(part * 100)}%`;
  return {
    title: "Learned ttl",
    note:
      "Stale reads, of simulated entries of which some change often and some seldom, read every 5 minutes for two weeks. " +
      "The ttl is learned between 10 minutes and a day. The best fixed ttl is one for all entries that has as many runs. " +
      "The oracle chooses the best fixed ttl for each entry, by its future, with as many runs in all.",
    head: ["changes", "runs, of reads", "learned", "best fixed", "oracle"],
    rows: learned.map(([population, { runs, ...stale }]) => [
      population,
      ...[runs, stale.learned, stale.fixed, stale.oracle].map(percent),
    ]),
  };
}
