import { test } from "@fast-check/vitest";
import { describe } from "vitest";
import { virtualTime } from "../testing/time.js";
import { Simulation } from "../testing/simulation.js";
import { formSteps, steps } from "../testing/steps.js";

virtualTime(1_000_000);

// The same sequences each time in CI, where a failure is to be of the change at hand; others elsewhere.
const seed = process.env.CI ? 1 : Date.now();

describe("whatever happens in whatever order (guarantee 1, guarantee 2, guarantee 3, guarantee 4)", () => {
  test.prop([steps], { numRuns: 200, seed })(
    "one fill runs at a time, in order, none survives an invalidation, and everybody is answered",
    async (steps) => {
      const simulation = new Simulation();
      for (const next of steps) await simulation.step(next);
      await simulation.settle();
    },
  );

  describe.each(["batch", "compute"] as const)("filled by %s", (form) => {
    test.prop([formSteps], { numRuns: 200, seed })(
      "the same holds of batches that overlap and fail in part, and of values that are not modified",
      async (steps) => {
        const simulation = new Simulation(form);
        for (const next of steps) await simulation.step(next);
        await simulation.settle();
      },
    );
  });
});
