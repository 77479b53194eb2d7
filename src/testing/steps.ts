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

/** A sequence long enough that its events meet. */
export const steps = fc.array(step, { minLength: 20, maxLength: 40, size: "max" });
