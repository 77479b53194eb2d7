import Table from "cli-table3";
import type { Check } from "./checks.js";
import type { Pass } from "./pass.js";

const rows: [label: string, cell: (pass: Pass) => string][] = [
  ["lookups", (pass) => integer(pass.lookups)],
  ["requests that reached the server", (pass) => integer(pass.requests)],
  ["hits", (pass) => integer(pass.hits)],
  ["misses", (pass) => integer(pass.misses)],
  ["median time", (pass) => milliseconds(quantile(pass.times, 0.5))],
  ["p99 time", (pass) => milliseconds(quantile(pass.times, 0.99))],
  ["function calls", (pass) => integer(pass.usage.functionCalls)],
  ["database documents read", (pass) => integer(pass.usage.documentsRead)],
  ["database documents written", (pass) => integer(pass.usage.documentsWritten)],
  ["database bytes read", (pass) => integer(pass.usage.bytesRead)],
  ["database bytes written", (pass) => integer(pass.usage.bytesWritten)],
];

export function passTable(passes: Pass[]): string {
  const table = new Table({
    head: ["", ...passes.map((pass) => pass.title)],
    colAligns: ["left", ...passes.map(() => "right" as const)],
    // Colours would be noise in a file that the output is written to.
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map(([label, cell]) => [label, ...passes.map(cell)]));
  return table.toString();
}

export function checkLine({ title, passed, detail }: Check): string {
  return `${passed ? "✔" : "✘ FAILED:"} ${title}: ${detail}`;
}

/** By the nearest rank, so that it is a time that was really measured. */
export function quantile(ascending: number[], fraction: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * fraction) - 1)] ?? NaN;
}

/** "1 request", "2 requests". */
export function plural(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function integer(value: number): string {
  return value.toLocaleString("en");
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}
