import { ConvexError } from "convex/values";
import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, isCacheError, refusal, tooLarge } from "./errors.js";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("isCacheError", () => {
  test.each(codes)("is true of a refusal with %s", (code) => {
    const error = refusal({ code, cache: "a", option: "`b`", value: 1, remedy: "Don't." });
    expect(isCacheError(error)).toBe(true);
    expect(error).toBeInstanceOf(ConvexError);
  });

  test("is true of a refusal whose data has crossed a boundary", () => {
    const data = structuredClone(tooLarge("a").data);
    expect(isCacheError(new ConvexError(data))).toBe(true);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["its data alone", tooLarge("a").data],
    ["another error", new Error("INVALID_TTL")],
    ["an app's error", new ConvexError({ code: "NOT_FOUND", message: "" })],
    ["an app's text", new ConvexError("INVALID_TTL")],
    ["an app's null", new ConvexError(null)],
    ["an app's list", new ConvexError(["INVALID_TTL"])],
    ["an inherited name", new ConvexError({ code: "toString" })],
    ["a code that is no text", new ConvexError({ code: 1 })],
  ])("is false of %s", (_, error) => {
    expect(isCacheError(error)).toBe(false);
  });
});

describe("a refusal", () => {
  test("names the cache, the option, the value and the remedy", () => {
    const refused = { code: "INVALID_TTL", cache: "a", option: "`ttl`", value: -1 } as const;
    expect(refusal({ ...refused, remedy: "Give more." }).data).toEqual({
      code: "INVALID_TTL",
      cache: "a",
      option: "`ttl`",
      value: "-1",
      message: "action cache `a`: `ttl` is -1. Give more.",
    });
  });

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    [NaN, "NaN"],
    [-0.5, "-0.5"],
    [10n, "10n"],
    ["", "''"],
    ['say "no"', `'say "no"'`],
    [[1, 2], "an array of 2"],
    [{ secret: 1 }, "an object"],
    [Symbol("s"), "Symbol(s)"],
  ])("tells %o as %s", (value, text) => {
    const { data } = refusal({ code: "INVALID_TTL", option: "`ttl`", value, remedy: "" });
    expect(data.value).toBe(text);
  });
});
