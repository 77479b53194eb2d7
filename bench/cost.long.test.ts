import { describe, expect, test } from "vitest";
import { measureClear, measurePurge } from "./bulk.js";
import { measureBundles } from "./bundle.js";
import { holdClock } from "./clock.js";
import { bundleFigures, clearFigures, isMet, operationFigures, purgeFigures } from "./contract.js";
import { type Cost, measure, type OperationName, operationNames, SIZES } from "./cost.js";
import { ours } from "./subjects.js";

describe("what the cache costs", () => {
  test("single operations on a value of 14 KB", async () => {
    const costs: Partial<Record<OperationName, Cost>> = {};
    for (const operation of operationNames) {
      const cost = () => measure(ours, operation, SIZES["14 KB"]);
      // While the clock is held no heartbeat is due, however slow the machine. Those who wait need it to go on.
      const waits = operation === "20 at once, nothing stored";
      costs[operation] = waits ? await cost() : await holdClock(Date.now(), cost);
    }
    const figures = operationFigures(costs as Record<OperationName, Cost>);
    expect(figures.filter((figure) => !isMet(figure))).toEqual([]);
  });

  test("clearing 1,000 entries, for readers", async () => {
    expect(clearFigures(await measureClear(ours)).filter((figure) => !isMet(figure))).toEqual([]);
  });

  test("purging 10,000 expired entries of 14 KB", async () => {
    expect(purgeFigures(await measurePurge(ours)).filter((figure) => !isMet(figure))).toEqual([]);
  });

  test("the client's part of a bundle", async () => {
    const { ours: bytes } = await measureBundles();
    expect(bytes).toBeGreaterThan(1024);
    expect(bundleFigures(bytes).filter((figure) => !isMet(figure))).toEqual([]);
  });
});
