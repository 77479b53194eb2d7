// `npm run bench`: what the cache costs, beside what 0.3.1 costs. Fails if a figure that must hold does not.
import { writeFile } from "node:fs/promises";
import { figuresOf, isMet } from "./contract.js";
import { measureAll } from "./results.js";
import { toMarkdown } from "./tables.js";

// 0.3.1 reports every batch of a purge.
console.debug = () => {};
const results = await measureAll((next) => process.stderr.write(`measuring ${next}\n`));
const figures = figuresOf(results);
const report = await toMarkdown(results, figures);
await writeFile(new URL("results.md", import.meta.url), report);
process.stdout.write(`\n${report}`);

const missed = figures.filter((figure) => !isMet(figure));
for (const { what, measured, limit } of missed) {
  process.stderr.write(`missed: ${what} is ${measured}, and may be at most ${limit}\n`);
}
process.exitCode = missed.length === 0 ? 0 : 1;
