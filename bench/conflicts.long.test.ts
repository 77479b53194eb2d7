import { defineSchema, defineTable } from "convex/server";
import { CommitTsPlaceholder, convexToJson, v } from "convex/values";
import { describe, expect, test } from "vitest";
import { type Access, Observer } from "../src/testing/syscalls.js";
import { Account } from "./account.js";
import { advance, holdClock } from "./clock.js";
import { conflict } from "./conflicts.js";

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
  isExhausted: false,
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

  test("but not with what a query read on a stale snapshot", () => {
    const stale = { ...get("1"), isStale: true };
    expect(conflict(schema, [stale], [write(ann, null)])).toBe(false);
  });

  test("with a commit timestamp that is later than what is stored, and earlier than the reader's own", () => {
    const pending = new CommitTsPlaceholder() as never;
    const stored = read([equals("player", "Ann")], [{ ...ann, points: 7n as never }]);
    const appended = write(null, { ...ann, points: pending });
    expect(conflict(schema, [stored], [appended])).toBe(false);
    const own = { type: "Gte", fieldPath: "points", value: convexToJson(pending) };
    expect(conflict(schema, [read([equals("player", "Ann"), own])], [appended])).toBe(false);
    const all = { ...stored, isExhausted: true };
    expect(conflict(schema, [all], [appended])).toBe(true);
  });
});

describe("the modelled query cache", () => {
  const counts = { documentsRead: 1, bytesRead: 100 };
  const transaction = (accesses: Access[], more: object = {}) =>
    ({
      kind: "queries",
      path: "q",
      args: {},
      accesses,
      counts,
      readsClock: false,
      ...more,
    }) as never;
  const query = (readsClock: boolean) =>
    transaction([read([equals("player", "Bob")])], { readsClock });
  const mutation = (after: Doc) => transaction([write(null, after)], { kind: "mutations" });

  test("answers until something is written that the query has read", () => {
    const account = new Account(schema, new Observer());
    expect(account.add(query(false))).toBe(false);
    account.add(mutation(ann));
    expect(account.add(query(false))).toBe(true);
    account.add(mutation(doc("9", "Bob", 1)));
    expect(account.add(query(false))).toBe(false);
  });

  test.each([true, false])("answers for seconds only if the query read the clock: %s", (reads) =>
    holdClock(0, async () => {
      const account = new Account(schema, new Observer());
      account.add(query(reads));
      advance(10_000);
      expect(account.add(query(reads))).toBe(true);
      advance(10_000);
      expect(account.add(query(reads))).toBe(!reads);
      await Promise.resolve();
    }),
  );
});
