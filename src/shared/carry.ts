import {
  convexToJson,
  getConvexSize,
  type JSONValue,
  jsonToConvex,
  type Value,
} from "convex/values";
import { MAX_CARRIED_NESTING, MAX_VALUE_BYTES } from "./limits.js";
import { nesting } from "./key.js";

/**
 * A value on its way between the app and the component: itself, or as text where
 * the objects that carry it would make it nest deeper than Convex allows.
 */
export type Carried = { value: Value } | { json: string };

/** Prepares a value for its way. */
export function carry(value: Value): Carried {
  return nesting(value) <= MAX_CARRIED_NESTING
    ? { value }
    : { json: JSON.stringify(convexToJson(value)) };
}

/** A value that has come its way. */
export function uncarry(carried: Carried): Value {
  return "json" in carried ? jsonToConvex(JSON.parse(carried.json) as JSONValue) : carried.value;
}

/** A copy, so that of two who are given the same value neither changes the other's. */
export function copy(value: unknown): unknown {
  try {
    return jsonToConvex(convexToJson(value as Value));
  } catch {
    return value; // Of a mock: no Convex value.
  }
}

/** Whether a value is small enough to be stored. */
export function isStorable(value: Value): boolean {
  return getConvexSize(value) <= MAX_VALUE_BYTES;
}
