import {
  convexToJson,
  getConvexSize,
  type JSONValue,
  jsonToConvex,
  type Value,
} from "convex/values";
import {
  MAX_ARRAY_LENGTH,
  MAX_FIELDS,
  MAX_INLINE_BYTES,
  MAX_INLINE_NESTING,
  MAX_NESTING,
} from "./limits.js";
import type { Wire } from "./protocol.js";
import { nesting } from "./values.js";

/** A value in the form in which it crosses to the component and back. */
export function toWire(value: Value): Wire {
  const fitsDocument =
    nesting(value) <= MAX_INLINE_NESTING && getConvexSize(value) <= MAX_INLINE_BYTES;
  return fitsDocument ? { value } : { json: toJson(value) };
}

/** The value that a wire form stands for. Throws where its JSON is malformed. */
export function fromWire(wire: Wire): Value {
  return "json" in wire ? fromJson(wire.json) : wire.value;
}

/** The JSON of a wire form. */
export function jsonOf(wire: Wire): string {
  return "json" in wire ? wire.json : toJson(wire.value);
}

/** Convex's own JSON of a value, in which equal values are equal strings. */
export const toJson = (value: Value): string => JSON.stringify(convexToJson(value));

/** The value that {@link toJson} made a string of. */
export const fromJson = (json: string): Value => jsonToConvex(JSON.parse(json) as JSONValue);

/** A copy, so that who changes one of the two does not change the other. */
export const copyOf = (value: Value): Value => jsonToConvex(convexToJson(value));

/** A copy of whatever a mock returned: itself where it is no Convex value. */
export function copyOfAny(value: unknown): unknown {
  try {
    return copyOf(value as Value);
  } catch {
    return value;
  }
}

/**
 * Throws where Convex would refuse a call with this value, so that one
 * request of a batch is refused and not all of them.
 */
export function refuseUnsendable(value: unknown): void {
  // Refuses types, fields and integers that are no Convex value's.
  convexToJson(value as Value);
  if (nesting(value as Value) > MAX_NESTING) {
    throw new TypeError(`a value nests deeper than ${MAX_NESTING} levels`);
  }
  refuseParts(value);
}

function refuseParts(value: unknown): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("a string holds half of a surrogate pair");
  } else if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY_LENGTH) {
      throw new TypeError(`an array has over ${MAX_ARRAY_LENGTH} elements`);
    }
    value.forEach(refuseParts);
  } else if (typeof value === "object" && value !== null && !(value instanceof ArrayBuffer)) {
    const fields = Object.values(value);
    if (fields.length > MAX_FIELDS) throw new TypeError(`an object has over ${MAX_FIELDS} fields`);
    fields.forEach(refuseParts);
  }
}
