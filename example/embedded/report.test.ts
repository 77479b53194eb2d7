import { expect, test } from "vitest";
import { plural, quantile } from "./report.js";

test("a quantile is one of the values, by the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([7], 0.5)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test("numbers and nouns agree", () => {
  expect(plural(0, "request")).toBe("0 requests");
  expect(plural(1, "request")).toBe("1 request");
  expect(plural(1234, "request")).toBe("1,234 requests");
});
