/** Arbitrary sequences of what may happen to the owners of locks. */
import { fc } from "@fast-check/vitest";
import { HOUR, SECOND } from "../shared/time.js";
import { TTL } from "./locked.js";
import type { LockStep } from "./lockSimulation.js";

// Mostly one lock, so that its owners meet.
const key = fc.constantFrom(0, 0, 0, 1);
const owner = fc.constantFrom(0, 0, 0, 1, 2, 3);
const wait = fc.constantFrom(SECOND, TTL, 3 * TTL);
const rollsBack = fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0);
const kind = <Kind extends LockStep["kind"]>(...kinds: Kind[]) => fc.constantFrom(...kinds);

const step: fc.Arbitrary<LockStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: kind("acquire"), key, rollsBack }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("wait for", "work", "work"), key, wait }) },
  { weight: 6, arbitrary: fc.record({ kind: kind("write"), owner }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("finish", "crash", "hand over"), owner }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("release"), owner, rollsBack }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind("pass"),
      ms: fc.constantFrom(100, 3 * SECOND, TTL - SECOND, TTL + SECOND),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("jump"),
      ms: fc.constantFrom(-HOUR, -TTL, -SECOND, SECOND, TTL, HOUR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("purge") }) },
);

/** A sequence long enough that its events meet. */
export const lockSteps = fc.array(step, { minLength: 20, maxLength: 40, size: "max" });
