import { getConvexSize, type Value } from "convex/values";
import type { StoreDecision } from "./engine/fill.js";
import { MAX_JSON_BYTES, MAX_VALUE_BYTES } from "./limits.js";
import type { StoreNumbers, StoreOptions, Tracking, Wire } from "./protocol.js";
import { refuseUnsendable, toWire } from "./wire.js";

/** Decides how a value is stored, as far as its size and the cache's numbers tell. */
export function storeByNumbers(
  value: Value,
  { ttl, jitter, retain, tracking }: Omit<StoreNumbers, "errorTtl">,
): Extract<StoreDecision, { kind: "store" | "skip" }> {
  refuseUnsendable(value);
  const content = storableForm(value);
  if (typeof content === "string") return { kind: "skip", reason: content };
  return {
    kind: "store",
    content,
    ttl: jittered(ttl, jitter),
    retain,
    ...(tracking && { tracking }),
  };
}

/** A value's wire form, or why it is too large to be stored. */
export function storableForm(value: Value): Wire | string {
  const size = getConvexSize(value);
  if (size > MAX_VALUE_BYTES) return `the value is ${size} bytes, over ${MAX_VALUE_BYTES}`;
  const content = toWire(value);
  const tooLong = "json" in content && getConvexSize(content.json) > MAX_JSON_BYTES;
  return tooLong ? `the value is over ${MAX_JSON_BYTES} bytes as JSON` : content;
}

/** A ttl with a random part taken off, up to a fraction of it; null, for no end, stays null. */
export function jittered(ttl: StoreNumbers["ttl"], fraction: number): StoreOptions["ttl"] {
  if (ttl === null || ttl === Infinity) return null;
  if (typeof ttl === "object") return { min: ttl.min, max: ttl.max, jitter: fraction };
  return ttl - ttl * fraction * Math.random();
}

/** Whether a cache has bounds, so that eviction needs to know which of its entries are read. */
export const isBounded = ({ maxEntries, maxBytes, idleTtl }: Tracking = {}): boolean =>
  (maxEntries ?? maxBytes ?? idleTtl) !== undefined;
