/** Tables for the terminal and for Markdown. */
import CliTable from "cli-table3";
import { format } from "prettier";
import type { Table } from "./tables.js";

/** A table for the terminal. */
export function toText({ title, note, head, rows }: Table): string {
  const table = new CliTable({
    head,
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    style: { head: [], border: [] },
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
  });
  table.push(...rows);
  return `${title}\n${note}\n${table.toString()}\n`;
}

/** The whole report. */
export async function toMarkdown(tables: Table[]): Promise<string> {
  const sections = tables.map(({ title, note, head, rows }) => {
    const align = head.map((_, column) => (column === 0 ? "---" : "---:"));
    const lines = [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    return `## ${title}\n\n${note}\n\n${lines.join("\n")}\n`;
  });
  const intro =
    "# Cost, this version and 0.3.1\n\nWritten by `npm run bench`, which measures both versions in one run under " +
    "convex-test. Figures are of this version; those of 0.3.1 stand in brackets.\n\n![Cost, this version and 0.3.1](results.svg)\n";
  return await format([intro, ...sections].join("\n"), { parser: "markdown", printWidth: 100 });
}
