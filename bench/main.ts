// `npm run bench`: what the cache costs, beside what 0.3.1 costs. Fails if a figure that must hold does not.
import { writeFile } from "node:fs/promises";
import { chartOf } from "./chart.js";
import {
  bundleFigures,
  clearFigures,
  contentionFigures,
  type Figure,
  isMet,
  operationFigures,
  purgeFigures,
  scaleFigures,
} from "./contract.js";
import { type Cost, type OperationName, operationNames } from "./cost.js";
import { toMarkdown, toText } from "./print.js";
import { measureAll, type Results } from "./results.js";
import { tablesOf } from "./tables.js";

function figuresOf(results: Results): Figure[] {
  const costs = results.costs["14 KB"];
  const ours = Object.fromEntries(
    operationNames.map((operation) => [operation, costs[operation].ours]),
  ) as Record<OperationName, Cost>;
  return [
    ...operationFigures(ours),
    ...clearFigures(results.clear.ours),
    ...purgeFigures(results.purge.ours),
    ...contentionFigures(results.contention.ours),
    ...scaleFigures(results.scale.ours),
    ...bundleFigures(results.bundle.ours),
  ];
}

const write = (file: string, content: string) => writeFile(new URL(file, import.meta.url), content);

// 0.3.1 reports every batch of a purge.
console.debug = () => {};
const results = await measureAll((next) => process.stderr.write(`measuring ${next}\n`));
const figures = figuresOf(results);
const tables = tablesOf(results, figures);
process.stdout.write(`\n${tables.map(toText).join("\n")}`);
await write("results.md", await toMarkdown(tables));
await write("results.svg", chartOf(results));

const missed = figures.filter((figure) => !isMet(figure));
for (const { what, measured, limit } of missed) {
  process.stderr.write(`missed: ${what} is ${measured}, and may be at most ${limit}\n`);
}
process.exitCode = missed.length === 0 ? 0 : 1;
