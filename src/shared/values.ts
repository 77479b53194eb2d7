import type { Value } from "convex/values";

/** How many arrays and objects a value nests at its deepest; a scalar is 0. */
export function nesting(value: Value | undefined): number {
  if (Array.isArray(value)) return 1 + deepest(value);
  if (isPlainObject(value)) return 1 + deepest(Object.values(value));
  return 0;
}

function deepest(values: (Value | undefined)[]): number {
  let most = 0;
  for (const value of values) most = Math.max(most, nesting(value));
  return most;
}

/** Whether a value is an object of fields. By its prototype's name, since it may come from another realm. */
export function isPlainObject(value: unknown): value is { [field: string]: Value | undefined } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return prototype === null || prototype.constructor?.name === "Object";
}
