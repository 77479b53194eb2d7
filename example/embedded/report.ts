import Table from "cli-table3";
import type { Pass } from "./traffic.js";

/** Something that the program compared, rather than claims. */
export interface Check {
  title: string;
  passed: boolean;
  /** What was compared, with the figures that came of it. */
  detail: string;
}

const WIDTH = 100;

export function checkLine({ title, passed, detail }: Check): string {
  return wrapped(`${passed ? "✔" : "✘ FAILED:"} ${title}: ${detail}`, "  ");
}

/** Breaks a line between words where it gets too long. */
export function wrapped(text: string, indent = ""): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > WIDTH) lines.push(indent + word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

const rows: [label: string, cell: (pass: Pass) => string][] = [
  ["requests to the service", ({ requests }) => integer(requests)],
  ["answered from the cache", ({ hits }) => integer(hits)],
  ["all lookups took", ({ times }) => `${(sum(times) / 1000).toFixed(1)} s`],
  ["half of them took at most", ({ times }) => `${median(times).toFixed(1)} ms`],
  [
    "Convex function calls",
    ({ counts }) => integer(counts.queries + counts.mutations + counts.actions),
  ],
  ["read from the database", ({ counts }) => kilobytes(counts.bytesRead)],
  ["written to the database", ({ counts }) => kilobytes(counts.bytesWritten)],
];

export function passTable(passes: Pass[]): string {
  const table = new Table({
    head: ["", ...passes.map(({ title }) => title)],
    colAligns: ["left", ...passes.map(() => "right" as const)],
    // Colours would be noise in a file that the output is written to.
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map(([label, cell]) => [label, ...passes.map(cell)]));
  return table.toString();
}

const median = (times: number[]) =>
  [...times].sort((a, b) => a - b)[Math.ceil(times.length / 2) - 1] ?? NaN;

/** "1 request", "2 requests". */
export function plural(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export const integer = (value: number) => value.toLocaleString("en");

const kilobytes = (bytes: number) => `${integer(Math.round(bytes / 1024))} KB`;
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
