import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import type { Access } from "../src/testing/syscalls.js";
import { conflict } from "./conflicts.js";
import { QueryCache } from "./queryCache.js";
import { advance, holdClock } from "./clock.js";

const schema = defineSchema({
  scores: defineTable({ player: v.string(), points: v.number() }).index("player", [
    "player",
    "points",
  ]),
});

const doc = (id: string, player: string, points: number) => ({ _id: id, player, points });
type Doc = ReturnType<typeof doc>;

const get = (id: string): Access => ({ kind: "get", table: "scores", id });
const write = (before: Doc | null, after: Doc | null): Access => ({
  kind: "write",
  table: "scores",
  id: (after ?? before)!._id,
  before,
  after,
});
const equals = (fieldPath: string, value: string | number) => ({ type: "Eq", fieldPath, value });
const read = (range: object[], documents: Doc[] = [], order = "asc"): Access => ({
  kind: "range",
  index: "scores.player",
  range,
  order,
  documents,
});

const ann = doc("1", "Ann", 5);

describe("two transactions conflict", () => {
  test("when one writes a document that the other got", () => {
    expect(conflict(schema, [get("1")], [write(ann, doc("1", "Ann", 6))])).toBe(true);
    expect(conflict(schema, [get("2")], [write(ann, null)])).toBe(false);
    expect(conflict(schema, [write(ann, null)], [write(ann, null)])).toBe(true);
  });

  test("when one inserts what the other has missed", () => {
    const missed = read([equals("player", "Bob")]);
    expect(conflict(schema, [missed], [write(null, doc("9", "Bob", 1))])).toBe(true);
    expect(conflict(schema, [missed], [write(null, doc("9", "Cy", 1))])).toBe(false);
  });

  test("when one takes a document out of what the other has read", () => {
    const bobs = read([equals("player", "Ann")], [ann]);
    expect(conflict(schema, [bobs], [write(ann, doc("1", "Bob", 5))])).toBe(true);
  });

  test("up to the last document that a range has given, and not behind it", () => {
    const lowest = read([equals("player", "Ann")], [ann]);
    expect(conflict(schema, [lowest], [write(null, doc("9", "Ann", 4))])).toBe(true);
    expect(conflict(schema, [lowest], [write(null, doc("9", "Ann", 6))])).toBe(false);
    const highest = read([equals("player", "Ann")], [ann], "desc");
    expect(conflict(schema, [highest], [write(null, doc("9", "Ann", 6))])).toBe(true);
    expect(conflict(schema, [highest], [write(null, doc("9", "Ann", 4))])).toBe(false);
  });

  test("not for new documents that have an equal id in two copies of one database", () => {
    const inserts = [write(null, ann), write(ann, doc("1", "Ann", 6))];
    expect(conflict(schema, inserts, inserts)).toBe(false);
  });
});

describe("the modelled query cache", () => {
  const miss = { accesses: [read([equals("player", "Bob")])], readsClock: false };

  test("answers until something is written that the query has read", () => {
    const cache = new QueryCache(schema);
    expect(cache.answers("Bob", miss)).toBe(false);
    cache.committed([write(null, ann)]);
    expect(cache.answers("Bob", miss)).toBe(true);
    cache.committed([write(null, doc("9", "Bob", 1))]);
    expect(cache.answers("Bob", miss)).toBe(false);
  });

  test("answers for seconds only if the query read the clock", () =>
    holdClock(0, async () => {
      const cache = new QueryCache(schema);
      for (const readsClock of [false, true]) {
        cache.answers(`clock: ${readsClock}`, { ...miss, readsClock });
      }
      advance(10_000);
      expect(cache.answers("clock: true", miss)).toBe(true);
      advance(10_000);
      expect(cache.answers("clock: true", miss)).toBe(false);
      expect(cache.answers("clock: false", miss)).toBe(true);
      await Promise.resolve();
    }));
});
