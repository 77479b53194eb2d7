import { getConvexSize, type Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { nested } from "../../../testing/values.js";
import { fitsDocument } from "./content.js";

const MIB = 1024 * 1024;

/** Text of exactly so many bytes, by Convex's own measure. */
const textOf = (bytes: number) => "x".repeat(bytes - getConvexSize(""));

describe("a value is kept inline as long as a document can hold it", () => {
  const fits = (value: Value, besides = 100) => fitsDocument(value, besides);

  test("by its size", () => {
    expect(fits(textOf(MIB - 3000))).toBe(true);
    expect(fits(textOf(MIB - 100))).toBe(false);
  });

  test("by the size of what stands beside it", () => {
    expect(fits(textOf(MIB - 5000), 100)).toBe(true);
    expect(fits(textOf(MIB - 5000), 5000)).toBe(false);
  });

  test("by its nesting", () => {
    expect(fits(nested(14))).toBe(true);
    expect(fits(nested(16))).toBe(false);
    expect(fits(nested(64))).toBe(false);
  });
});
