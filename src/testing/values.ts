/** Arbitrary Convex values, for properties that hold of all of them. */
import { fc } from "@fast-check/vitest";
import type { Value } from "convex/values";

/** Text as Convex takes it: without halves of surrogate pairs. */
const text = fc.string({ unit: "binary", maxLength: 300 });

/** A field's name: printable ASCII that does not begin with `$` or `_`. */
const field = fc.stringMatching(/^[a-zA-Z0-9 !#%&*+\-./:;<=>?@^|~][ -~]{0,12}$/);

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, Number.MIN_VALUE, 2 ** 53, -(2 ** 31)),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  text,
  fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.slice().buffer),
);

/** Any Convex value, some levels deep. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(field, tie("value"), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

/** Arguments of any function. */
export const anyArgs = fc.dictionary(field, anyValue, { maxKeys: 5, noNullPrototype: true });

/** An equal value that was written otherwise: other field order, `undefined` fields, other copies. */
export function rewritten(value: Value): Value {
  if (Array.isArray(value)) return value.map(rewritten);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (typeof value !== "object" || value === null) return value;
  const rest = Object.entries(value as { [field: string]: Value | undefined });
  const backwards = rest.reverse().map(([name, inner]) => [name, inner && rewritten(inner)]);
  return Object.fromEntries([["absent", undefined], ...backwards]) as Value;
}

/** A value that holds another this many levels deep. */
export function nested(levels: number, inmost: Value = "inmost"): Value {
  let value = inmost;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { inner: value };
  return value;
}
