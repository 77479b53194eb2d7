/** Arbitrary sequences of what may happen to the simulation. */
import { fc } from "@fast-check/vitest";
import type { Change, Step } from "./simulation.js";

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

/** A few entries at once, mostly so that two callers' overlap. */
const keys = fc.constantFrom<number[]>([0, 1], [1, 2], [0, 1, 2], [2, 0], [0, 0, 1]);

const formStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fetchAll" as const), keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unmodified" as const), run }) },
  // A value that is not modified must have been expired before.
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      change: fc.constantFrom<Change>("expire", "tagExpire"),
      key,
      rollsBack: fc.constant(false),
    }),
  },
);

const long = { minLength: 20, maxLength: 40, size: "max" } as const;

/** The same, with fetches of several entries at once, and values that are not modified. */
export const formSteps = fc.array(formStep, long);

/** A sequence long enough that its events meet. */
export const steps = fc.array(step, long);
