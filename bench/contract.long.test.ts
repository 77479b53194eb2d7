import { describe, expect, test, vi } from "vitest";
import { holdClock } from "./clock.js";
import { measureContention, RELATIONS, relations } from "./contention.js";
import { isMet, operationFigures } from "./contract.js";
import { type Cost, measure, type OperationName, operationNames } from "./cost.js";
import { measureForms } from "./forms.js";
import { ours, legacy } from "./subjects.js";
import { trackedWorld } from "./world.js";

test("single operations on a value of 14 KB cost what they may", async () => {
  const costs: Partial<Record<OperationName, { ours: Cost }>> = {};
  for (const operation of operationNames) {
    const cost = () => measure(ours, operation);
    // While the clock is held no heartbeat is due, however slow the machine. Those who wait need it to go on.
    const waits = operation.startsWith("20 at once");
    costs[operation] = { ours: await (waits ? cost() : holdClock(Date.now(), cost)) };
  }
  const figures = operationFigures(costs as Record<OperationName, { ours: Cost }>);
  expect(figures.length).toBeGreaterThan(20);
  expect(figures.filter((figure) => !isMet(figure))).toEqual([]);
});

test("the forms of filling cost what they may", async () => {
  const figures = await holdClock(Date.now(), measureForms);
  expect(figures).toHaveLength(4);
  expect(figures.filter((figure) => !isMet(figure))).toEqual([]);
});

describe("contention (guarantee 6)", () => {
  test("is found where it must be, and nowhere else", async () => {
    const found = (await measureContention(ours)).relations;
    for (const relation of relations) {
      expect(found[relation].pairs, relation).toBeGreaterThan(0);
      if (!RELATIONS[relation].mayConflict) expect(found[relation].conflicts).toEqual([]);
    }
    const conflicts = relations.flatMap((relation) => found[relation].conflicts);
    expect(conflicts).toEqual(
      expect.arrayContaining([
        "claim (A: nothing, no fill) and claim (A: nothing, no fill)",
        "settle (A: live, running) and settle (A: live, running)",
        "settle (A: nothing, running) and remove (A: nothing, running)",
        "clear and settle (A: live, running)",
        "purge of entries and settle (A: expired long ago, running)",
      ]),
    );
  });

  test("is found nowhere else where caches have figures and bounds, and housekeeping of these goes on", async () => {
    const found = (await measureContention(ours, trackedWorld)).relations;
    for (const relation of relations) {
      expect(found[relation].pairs, relation).toBeGreaterThan(0);
      if (!RELATIONS[relation].mayConflict) expect(found[relation].conflicts).toEqual([]);
    }
  });

  test("is found in 0.3.1, whose clears delete the same rows", async () => {
    vi.spyOn(console, "debug").mockReturnValue(undefined);
    const found = (await measureContention(legacy)).relations;
    expect(found["two clears of one name"].conflicts).toHaveLength(1);
    expect(found["different entries"].conflicts).toEqual([]);
    vi.restoreAllMocks();
  });
});
