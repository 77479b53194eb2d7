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
const bob = doc("9", "Bob", 1);
const anns = equals("player", "Ann");
const conflicts = (one: Access, ...other: Access[]) => conflict(schema, [one], other);

describe("two transactions conflict", () => {
  test("when one writes a document that the other got or wrote", () => {
    expect(conflicts(get("1"), write(ann, doc("1", "Ann", 6)))).toBe(true);
    expect(conflicts(get("2"), write(ann, null))).toBe(false);
    expect(conflicts(write(ann, null), write(ann, null))).toBe(true);
  });

  test("when one inserts what the other has missed, or takes out what it has read", () => {
    expect(conflicts(read([equals("player", "Bob")]), write(null, bob))).toBe(true);
    expect(conflicts(read([equals("player", "Cy")]), write(null, bob))).toBe(false);
    expect(conflicts(read([anns], [ann]), write(ann, doc("1", "Bob", 5)))).toBe(true);
  });

  test.each(["asc", "desc"])(
    "up to the last document of a range, and not behind it: %s",
    (order) => {
      const range = read([anns], [ann], order);
      expect(conflicts(range, write(null, doc("9", "Ann", 4)))).toBe(order === "asc");
      expect(conflicts(range, write(null, doc("9", "Ann", 6)))).toBe(order === "desc");
    },
  );

  test("not for new documents that have an equal id in two copies of one database", () => {
    const inserts = [write(null, ann), write(ann, doc("1", "Ann", 6))];
    expect(conflict(schema, inserts, inserts)).toBe(false);
  });

  test("not for what a query read on a stale snapshot", () => {
    expect(conflicts({ ...get("1"), isStale: true }, write(ann, null))).toBe(false);
  });

  test("by commit timestamps later than what is stored, and earlier than the reader's own", () => {
    const pending = new CommitTsPlaceholder() as never;
    const appended = write(null, { ...ann, points: pending });
    const stored = read([anns], [{ ...ann, points: 7n as never }]);
    expect(conflicts(stored, appended)).toBe(false);
    expect(conflicts({ ...stored, isExhausted: true } as Access, appended)).toBe(true);
    const own = { type: "Gte", fieldPath: "points", value: convexToJson(pending) };
    expect(conflicts(read([anns, own]), appended)).toBe(false);
  });
});

test("the modelled query cache answers until what it read changes, and for seconds if that was the clock", () =>
  holdClock(0, async () => {
    const counts = { documentsRead: 1, bytesRead: 100 };
    const account = new Account(schema, new Observer());
    const answers = (path: string, readsClock: boolean) =>
      account.add({
        ...{ kind: "queries", path, args: {}, counts, readsClock },
        accesses: [read([equals("player", "Bob")])],
      } as never);
    const insert = (after: Doc) =>
      account.add({ kind: "mutations", accesses: [write(null, after)] } as never);
    expect([answers("clock", true), answers("no clock", false)]).toEqual([false, false]);
    insert(ann);
    advance(10_000);
    expect([answers("clock", true), answers("no clock", false)]).toEqual([true, true]);
    advance(10_000);
    expect([answers("clock", true), answers("no clock", false)]).toEqual([false, true]);
    insert(bob);
    expect([answers("clock", true), answers("no clock", false)]).toEqual([false, false]);
    await Promise.resolve();
  }));
