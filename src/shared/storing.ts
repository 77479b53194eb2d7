import type { Value } from "convex/values";
import { carry, isStorable } from "./carry.js";
import { jittered, type Storing } from "./fill.js";
import { MAX_VALUE_BYTES } from "./limits.js";

/** The part of a cache's configuration that is numbers, in ms but for the jitter. */
export type Numbers = { ttl: number | null; jitter: number; retain: number; errorTtl: number };

/** Decides how a value is stored, as far as numbers tell. */
export function storeByNumbers(value: Value, { ttl, jitter, retain, errorTtl }: Numbers): Storing {
  if (!isStorable(value)) {
    return { kind: "unstored", reason: `the value is over ${MAX_VALUE_BYTES} bytes` };
  }
  const terms = { content: carry(value), ttl: jittered(ttl, jitter), retain };
  return { kind: "value", terms: errorTtl > 0 ? { ...terms, failures: true } : terms };
}
