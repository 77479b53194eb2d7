/** The results as tables, each cell this version and then, in brackets, 0.3.1. */
import { CLEARED_ENTRIES, PURGED_ENTRIES } from "./bulk.js";
import { RELATIONS, relations } from "./contention.js";
import { type Figure, isMet } from "./contract.js";
import { type Cost, operationNames } from "./cost.js";
import { callsOf, type Usage } from "./ledger.js";
import { type Both, type Results, type SizeName, sizeNames, STORED } from "./results.js";
import { scaledOperations } from "./scale.js";
import { timedOperations } from "./speed.js";

/** A table, as the terminal and Markdown both show it. */
export type Table = { title: string; note: string; head: string[]; rows: string[][] };

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
export const number = (value: number) => NUMBER.format(value);

/** An amount of bytes, in the largest unit that it fills. */
export function size(bytes: number): string {
  const [unit, divisor] = (
    [
      ["MB", 1024 ** 2],
      ["KB", 1024],
      ["B", 1],
    ] as const
  ).find(([, least]) => bytes >= least) ?? ["B", 1];
  return `${number(bytes / divisor)} ${unit}`;
}

const plural = (count: number, noun: string) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A figure that was not looked at. */
const NOT_MEASURED = "–";

/** All tables, in the order of the report. */
export function tablesOf(results: Results, figures: Figure[]): Table[] {
  return [
    ...sizeNames.map((name) => costTable(results, name)),
    bulkTable(results),
    contentionTable(results),
    scaleTable(results),
    bundleTable(results),
    contractTable(figures),
    speedTable(results),
  ];
}

const versus = <T>({ ours, peer }: Both<T>, show: (value: T) => string) =>
  `${show(ours)} (${show(peer)})`;

function costTable({ costs }: Results, name: SizeName): Table {
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
    title: `Operations, for a value of ${name}`,
    note: "This version, and 0.3.1 in brackets. What Convex's query cache answers is a call that reads nothing.",
    head: ["operation", ...columns.map(([title]) => title)],
    rows: operationNames.map((operation) => [
      operation,
      ...columns.map(([, show]) => versus(costs[name][operation], show)),
    ]),
  };
}

function bulkTable({ clear, purge }: Results): Table {
  return {
    title: "Many entries at once, of 14 KB each",
    note: "A clear is counted until no reader is served a cleared entry, a purge until none is stored.",
    head: ["operation", "mutations", "documents read", "documents written", "read"],
    rows: [
      [
        `clearing ${number(CLEARED_ENTRIES)} entries`,
        versus(clear, ({ mutations }) => number(mutations)),
        NOT_MEASURED,
        versus(clear, ({ documentsWritten }) => number(documentsWritten)),
        NOT_MEASURED,
      ],
      [
        `purging ${number(PURGED_ENTRIES)} expired entries`,
        versus(purge, ({ mutations }) => number(mutations)),
        versus(purge, ({ documentsRead }) => number(documentsRead)),
        versus(purge, ({ documentsWritten }) => number(documentsWritten)),
        versus(purge, ({ bytesRead }) => size(bytesRead)),
      ],
    ],
  };
}

function contentionTable({ contention }: Results): Table {
  return {
    title: "Contention",
    note: "Pairs of mutations of which one would have to be run again, of all pairs looked at.",
    head: ["two mutations on", "may conflict", "this version", "0.3.1"],
    rows: relations.map((relation) => [
      relation,
      RELATIONS[relation].mayConflict ? "yes" : "no",
      ...[contention.ours, contention.peer].map(
        ({ [relation]: { conflicts, pairs } }) => `${number(conflicts.length)} of ${number(pairs)}`,
      ),
    ]),
  };
}

function scaleTable({ scale }: Results): Table {
  const show = (usage: Usage) =>
    `${plural(callsOf(usage), "call")}, ` +
    `${plural(usage.documentsRead + usage.documentsWritten, "document")}, ` +
    size(usage.bytesRead + usage.bytesWritten);
  return {
    title: "Cost by the number of entries stored",
    note: "Function calls, and documents and bytes read and written, for values of 100 B.",
    head: ["operation", "version", ...STORED.map((stored) => `${number(stored)} entries`)],
    rows: scaledOperations.flatMap((operation) =>
      (["ours", "peer"] as const).map((version) => [
        operation,
        version === "ours" ? "this" : "0.3.1",
        ...scale[version].map((costs) => show(costs[operation])),
      ]),
    ),
  };
}

function bundleTable({ bundle }: Results): Table {
  return {
    title: "Bundle",
    note: "What the client adds to an app, minified and gzipped, without Convex's own.",
    head: ["this version", "0.3.1"],
    rows: [[size(bundle.ours), size(bundle.peer)]],
  };
}

function contractTable(figures: Figure[]): Table {
  return {
    title: "What must hold",
    note: "This version, for values of 14 KB where nothing else is said. A value's size has 1 KB to spare for its entry.",
    head: ["figure", "measured", "at most", ""],
    rows: figures.map((figure) => [
      figure.what,
      number(figure.measured),
      number(figure.limit),
      isMet(figure) ? "met" : "MISSED",
    ]),
  };
}

function speedTable({ speed }: Results): Table {
  return {
    title: "Time",
    note:
      "Noisy: the median time of this version divided by that of 0.3.1 in this process, with convex-test in place " +
      "of a deployment. It has the computing of both, and none of the network and database that a call costs.",
    head: ["operation", "this version / 0.3.1"],
    rows: timedOperations.map((operation) => [operation, `× ${number(speed[operation])}`]),
  };
}
