import { fc, test as property } from "@fast-check/vitest";
import { compareValues, getConvexSize, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { anyArgs, anyValue, nested, rewritten } from "../testing/values.js";
import { digest, identifyByArgs, identifyByKey } from "./key.js";
import { nesting } from "./values.js";

/** Whether Convex would find one under the other in an index. */
const same = (a: Value, b: Value) => compareValues(a, b) === 0;
const keyOf = async (args: Value) => (await identifyByArgs(args)).key;
const derivedKeyOf = async (derived: Value) => (await identifyByKey(derived)).key;

/** Arguments of all sizes, so that some are digested. */
const sizedArgs = fc
  .record({ args: anyArgs, filler: fc.constantFrom(0, 0, 900, 1100, 5000) })
  .map(({ args, filler }): Value => ({ ...args, ...(filler ? { f: "x".repeat(filler) } : {}) }));

property.prop({ args: sizedArgs })("equal arguments have one key", async ({ args }) => {
  expect(same(await keyOf(args), await keyOf(rewritten(args)))).toBe(true);
});

property.prop({ a: sizedArgs, b: sizedArgs })(
  "different arguments have different keys",
  async ({ a, b }) => {
    expect(same(await keyOf(a), await keyOf(b))).toBe(same(a, b));
  },
);

property.prop({ a: anyValue, b: anyValue })(
  "different values that a `key` function returns have different keys",
  async ({ a, b }) => {
    expect(same(await derivedKeyOf(a), await derivedKeyOf(b))).toBe(same(a, b));
  },
);

property.prop({ args: sizedArgs, derived: anyValue })(
  "arguments and what is derived from them are never mistaken for each other",
  async ({ args, derived }) => {
    expect(same(await keyOf(args), await derivedKeyOf(derived))).toBe(false);
    expect(same(await keyOf(args), await derivedKeyOf(args))).toBe(false);
    const key = await derivedKeyOf(derived);
    expect(same(await keyOf(key), key)).toBe(false);
  },
);

property.prop({ args: sizedArgs })("no key is larger than an index takes", async ({ args }) => {
  const { key } = await identifyByArgs(args);
  expect(getConvexSize(key)).toBeLessThanOrEqual(1024);
  expect(nesting(key)).toBeLessThan(16);
});

property.prop({ args: sizedArgs })(
  "arguments that a digest stands for are still served where 0.3.1 put them",
  async ({ args }) => {
    const { key, legacyKey } = await identifyByArgs(args);
    if (typeof key !== "string") expect(legacyKey).toBeUndefined();
    else expect(same(legacyKey ?? null, args)).toBe(true);
  },
);

describe("arguments that are easily mistaken for each other have different keys", () => {
  const long = "x".repeat(2000);
  test.each<[Value, Value]>([
    [{ a: 0 }, { a: -0 }],
    [{ a: 1 }, { a: 1n }],
    [{ a: null }, {}],
    [{ a: "1" }, { a: 1 }],
    [{ a: new ArrayBuffer(0) }, { a: "" }],
    [
      { long, a: 0 },
      { long, a: -0 },
    ],
    [
      { long, a: 1 },
      { long, a: 1n },
    ],
    [{ long, a: null }, { long }],
    [[long], long],
  ])("%o and %o", async (a, b) => {
    expect(same(await keyOf(a), await keyOf(b))).toBe(false);
  });

  test("and those that Convex takes for equal have one", async () => {
    // Not the NaN that JavaScript makes, but one with other bits.
    const otherNaN = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer)[0]!;
    for (const filler of [{}, { long }]) {
      const plain = await keyOf({ ...filler, a: NaN, b: [{ c: 1, d: 2 }] });
      const otherwise = { b: [{ d: 2, c: 1, e: undefined }], a: otherNaN, ...filler, g: undefined };
      expect(same(plain, await keyOf(otherwise as Value))).toBe(true);
    }
  });
});

test("a text that looks like the digest of large arguments is not taken for it", async () => {
  const large = { text: "x".repeat(2000) };
  const key = await keyOf(large);
  expect(typeof key).toBe("string");
  expect(same(await keyOf(key), key)).toBe(false);
  expect(same(await derivedKeyOf(key), key)).toBe(false);
  expect(same(await keyOf({ text: key }), key)).toBe(false);
});

test("a digest is taken from 1 KB on, by Convex's own measure", async () => {
  const ofSize = (bytes: number) => ({ t: "x".repeat(bytes - getConvexSize({ t: "" })) });
  expect(getConvexSize(ofSize(1024))).toBe(1024);
  expect(await keyOf(ofSize(1024))).toEqual(ofSize(1024));
  expect(await keyOf(ofSize(1025))).toMatch(/^[A-Za-z0-9+/]{43}=$/);
});

test("arguments that nest deeper than a document may have a key that does not", async () => {
  const key = await keyOf({ a: nested(40) });
  expect(nesting(key)).toBe(0);
  expect(same(key, await keyOf({ a: nested(40, "other") }))).toBe(false);
});

test("the digest is SHA-256, in base 64", async () => {
  const json = new TextEncoder().encode('""');
  const expected = await crypto.subtle.digest("SHA-256", json);
  expect(await digest("")).toBe(btoa(String.fromCharCode(...new Uint8Array(expected))));
});

test.each<[Value, number]>([
  [1, 0],
  ["a", 0],
  [new ArrayBuffer(1), 0],
  [[], 1],
  [{}, 1],
  [{ a: [{ b: 1 }], c: [] }, 3],
])("%o nests %i deep", (value, deep) => {
  expect(nesting(value)).toBe(deep);
});
