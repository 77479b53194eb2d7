import { fc, test } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, test as plainTest, vi } from "vitest";
import { type Change, Simulation, type Step } from "../testing/simulation.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

// The same sequences each time in CI, where a failure is to be of the change at hand; others elsewhere.
const seed = process.env.CI ? 1 : Date.now();

// Mostly one entry, so that what happens to it meets.
const key = fc.constantFrom(0, 0, 0, 1, 2, 2);
const run = fc.nat({ max: 2 });
const change = fc.constantFrom<Change>(
  "put",
  "remove",
  "expire",
  "tag",
  "commonTag",
  "tagExpire",
  "clearName",
  "clearEverything",
  "clearTenant",
  "clearTenantsName",
);
const rollsBack = fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0);
const ms = fc.constantFrom(10, 200, 3_000, 9_000, 25_000);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("fetch" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("force" as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("change" as const), change, key, rollsBack }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("finish" as const, "fail" as const), run }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), run }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms }) },
  { weight: 1, arbitrary: fc.constant({ kind: "purge" as const }) },
);

describe("whatever happens in whatever order", () => {
  test.prop([fc.array(step, { minLength: 20, maxLength: 40, size: "max" })], { numRuns: 40, seed })(
    "one fill runs at a time, in order, none survives an invalidation, and everybody is answered",
    async (steps) => {
      const simulation = new Simulation();
      for (const next of steps) await simulation.step(next);
      await simulation.settle();
    },
  );

  const change = (change: Change, rollsBack = false): Step => ({
    kind: "change",
    change,
    key: 0,
    rollsBack,
  });
  const fetch: Step = { kind: "fetch", key: 0 };
  const force: Step = { kind: "force", key: 0 };
  const finish: Step = { kind: "finish", run: 0 };
  const wait = (ms: number): Step => ({ kind: "wait", ms });

  plainTest(
    "one that was found: a caller that finds a stale entry has lost no fill by it",
    async () => {
      const simulation = new Simulation();
      for (const next of [
        ...[fetch, fetch, change("tagExpire"), finish, wait(10), force, wait(200), fetch],
        ...[change("put"), wait(10), finish, force, change("put", true)],
      ]) {
        await simulation.step(next);
      }
      await simulation.settle();
    },
  );
});
