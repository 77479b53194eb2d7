import { expect, test } from "vitest";
import { measureLearned, populations } from "./learned.js";

test.each(populations)(
  "with %s changes, fewer reads are stale by a learned ttl than by the best fixed one with as many runs",
  (population) => {
    for (const seed of [1, 2, 3]) {
      const { learned, fixed, oracle } = measureLearned(population, seed);
      expect(learned).toBeLessThan(fixed * 0.9);
      expect(oracle).toBeLessThan(fixed);
    }
  },
);
