import { fc, test as property } from "@fast-check/vitest";
import { getConvexSize, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { anyValue, nested } from "../../testing/values.js";
import { decode, encode } from "./codec.js";

const packed = (value: Value) => [...encode(value)];

property.prop({ value: anyValue })("any value comes back as it was", ({ value }) => {
  // `toStrictEqual` tells 0 from -0 and takes NaN for equal to itself, as Convex does.
  expect(decode(encode(value))).toStrictEqual(value);
});

property.prop({ value: anyValue })("a value is packed at about Convex's own size", ({ value }) => {
  // Up to three bytes more for a text or bytes, each of which Convex counts two for.
  expect(encode(value).byteLength).toBeLessThanOrEqual(2 * getConvexSize(value));
});

describe("values that are easily mistaken for each other have different bytes", () => {
  const alike: [Value, Value][] = [
    [0, -0],
    [1, 1n],
    [1, "1"],
    [1, true],
    [null, "null"],
    [null, false],
    ["", new ArrayBuffer(0)],
    [new ArrayBuffer(1), new ArrayBuffer(2)],
    [[], {}],
    [[], null],
    [{}, new ArrayBuffer(0)],
    [{ a: null }, {}],
    [
      [[1], 2],
      [1, [2]],
    ],
    [{ a: "b" }, { b: "a" }],
    [2 ** 53, 2n ** 53n],
    [-1n, 2n ** 63n - 1n],
    ["\u00e4", "a\u0308"],
  ];
  test.each(alike)("%o and %o", (a, b) => {
    expect(packed(a)).not.toEqual(packed(b));
  });
});

test.each([16, 40, 64])("a value that nests %i deep comes back as it was", (levels) => {
  expect(decode(encode(nested(levels)))).toStrictEqual(nested(levels));
});

property.prop({ bytes: fc.uint8Array({ minLength: 1, maxLength: 2000 }) })(
  "bytes come back in a buffer of their own",
  ({ bytes }) => {
    const value = { first: bytes.slice().buffer, second: bytes.slice().buffer };
    const back = decode(encode(value)) as typeof value;
    expect(back.first.byteLength).toBe(bytes.length);
    expect(back.first).not.toBe(back.second);
    expect(back).toStrictEqual(value);
  },
);
