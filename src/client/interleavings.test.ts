import { fc, test } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, vi } from "vitest";
import { Simulation, type Step } from "../testing/simulation.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const key = fc.nat({ max: 1 });
const run = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("fetch" as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("force" as const, "put" as const, "remove" as const),
      key,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("finish" as const, "fail" as const, "crash" as const),
      run,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(10, 200, 3_000, 9_000, 25_000),
    }),
  },
);

describe("whatever happens in whatever order", () => {
  test.prop([fc.array(step, { minLength: 3, maxLength: 30 })], { numRuns: 80 })(
    "one fill runs at a time, in order, none survives a removal, and everybody is answered",
    async (steps) => {
      const simulation = new Simulation();
      for (const next of steps) await simulation.step(next);
      await simulation.settle();
    },
  );
});
