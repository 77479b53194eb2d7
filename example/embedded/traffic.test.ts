import { describe, expect, test } from "vitest";
import { zipfTraffic } from "./traffic.js";

describe("zipfTraffic", () => {
  const items = Array.from({ length: 100 }, (_, rank) => rank);

  test("is the same for the same seed, and another for another", () => {
    expect(zipfTraffic(items, 50, 7)).toEqual(zipfTraffic(items, 50, 7));
    expect(zipfTraffic(items, 50, 7)).not.toEqual(zipfTraffic(items, 50, 8));
  });

  test("draws the item at rank r with a frequency of 1/r", () => {
    const draws = zipfTraffic(items, 20_000, 1);
    const frequency = (rank: number) => draws.filter((drawn) => drawn === rank).length;

    expect(frequency(0) / frequency(1)).toBeCloseTo(2, 0);
    expect(frequency(0) / frequency(9)).toBeCloseTo(10, -1);
    expect(new Set(draws)).toEqual(new Set(items));
  });
});
