import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { legacyLib, registerBesideLegacy } from "../testing/legacy.js";

const { get, put, remove } = component.lib;
const START = 1_000_000;
const request = { name: "weather", args: { request: "Berlin" } };

virtualTime(START);

describe("lib.get", () => {
  test("misses where nothing is stored", async () => {
    const { t } = createApp();
    expect(await t.query(get, { ...request, ttl: null })).toEqual({ kind: "miss" });
  });

  test("hits an entry without a ttl without end", async () => {
    const { t } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: null });
    vi.setSystemTime(START + 1000 * 365 * 24 * 60 * MINUTE);
    expect(await t.query(get, { ...request, ttl: null })).toEqual({ kind: "hit", value: "rain" });
  });

  test("tells names and arguments apart", async () => {
    const { t } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: null });
    const others = [
      { ...request, name: "climate" },
      { ...request, name: "" },
      { ...request, args: { request: "Bern" } },
      { ...request, args: {} },
    ];
    for (const other of others) {
      expect(await t.query(get, { ...other, ttl: null })).toEqual({ kind: "miss" });
    }
  });

  test("takes arguments in any order of their fields", async () => {
    const { t } = createApp();
    await t.mutation(put, { name: "n", args: { a: 1, b: { c: 2, d: 3 } }, value: 1, ttl: null });
    const args = { b: { d: 3, c: 2 }, a: 1 };
    expect(await t.query(get, { name: "n", args, ttl: null })).toEqual({ kind: "hit", value: 1 });
  });

  test("measures an entry by the ttl it was stored with, to the millisecond", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: MINUTE });
    const [row] = (await stored()).values;
    vi.setSystemTime(START + MINUTE - 1);
    expect(await t.query(get, { ...request, ttl: null })).toMatchObject({ kind: "hit" });
    vi.setSystemTime(START + MINUTE);
    expect(await t.query(get, { ...request, ttl: null })).toEqual({
      kind: "miss",
      expiredEntry: row!._id,
    });
  });

  test("measures an entry by the ttl it is given, where that is shorter", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: null });
    const [row] = (await stored()).values;
    vi.setSystemTime(START + MINUTE - 1);
    expect(await t.query(get, { ...request, ttl: MINUTE })).toMatchObject({ kind: "hit" });
    vi.setSystemTime(START + MINUTE);
    expect(await t.query(get, { ...request, ttl: MINUTE })).toEqual({
      kind: "miss",
      expiredEntry: row!._id,
    });
    expect(await t.query(get, { ...request, ttl: MINUTE + 1 })).toMatchObject({ kind: "hit" });
  });

  test("does not prolong an entry by a longer ttl", async () => {
    const { t } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: MINUTE });
    vi.setSystemTime(START + MINUTE);
    expect(await t.query(get, { ...request, ttl: 2 * MINUTE })).toMatchObject({ kind: "miss" });
  });

  test.each([-1, -Infinity, 0])("takes a ttl of %s, which nothing satisfies", async (ttl) => {
    const { t } = createApp();
    await t.mutation(put, { ...request, value: "rain", ttl: null });
    expect(await t.query(get, { ...request, ttl })).toMatchObject({ kind: "miss" });
  });

  test("returns what put stored, of every kind of value", async () => {
    const { t } = createApp();
    const value = {
      text: "äöü🐟",
      int: -(2n ** 63n),
      numbers: [-0, NaN, Infinity, 1e-320],
      bytes: new Uint8Array([0, 255]).buffer,
      nothing: null,
      empty: { list: [], record: {} },
    };
    await t.mutation(put, { ...request, value, ttl: null });
    expect(await t.query(get, { ...request, ttl: null })).toStrictEqual({ kind: "hit", value });
  });

  test("returns whole a value that no document can hold", async () => {
    const { t } = createApp();
    const value = Array.from({ length: 3 }, (_, i) => String(i).repeat(1024 * 1024));
    await t.mutation(put, { ...request, value, ttl: null });
    expect(await t.query(get, { ...request, ttl: null })).toEqual({ kind: "hit", value });
  });

  test("misses where a part of such a value is gone, and put replaces it", async () => {
    const { t, inComponent, stored } = createApp();
    const value = "x".repeat(3 * 1024 * 1024);
    await t.mutation(put, { ...request, value, ttl: null });
    await inComponent(async (ctx) => {
      const part = await ctx.db.query("parts").first();
      await ctx.db.delete("parts", part!._id);
    });
    const missed = await t.query(get, { ...request, ttl: null });
    expect(missed).toMatchObject({ kind: "miss", expiredEntry: expect.any(String) as unknown });
    const { expiredEntry } = missed as Extract<typeof missed, { kind: "miss" }>;
    await t.mutation(put, { ...request, value: "short", ttl: null, expiredEntry: expiredEntry! });
    expect(await t.query(get, { ...request, ttl: null })).toEqual({ kind: "hit", value: "short" });
    expect(await stored()).toMatchObject({ parts: 0, values: [{ value: "short" }] });
  });
});

describe("lib.put", () => {
  test("stores where nothing is, with metadata if there is a ttl", async () => {
    const { t, stored } = createApp();
    expect(await t.mutation(put, { ...request, value: 1, ttl: null })).toEqual({
      cacheHit: false,
      deletedExpiredEntry: false,
    });
    expect((await stored()).metadata).toEqual([]);
    const other = { name: "weather", args: { request: "Bern" } };
    await t.mutation(put, { ...other, value: 2, ttl: MINUTE });
    const { metadata, values } = await stored();
    expect(values).toHaveLength(2);
    expect(metadata).toMatchObject([{ valueId: values[1]!._id, expiresAt: START + MINUTE }]);
  });

  const reused = { cacheHit: true, deletedExpiredEntry: false };
  const replaced = { cacheHit: false, deletedExpiredEntry: true };

  test.each([
    { before: null, after: null, expected: reused },
    { before: MINUTE, after: MINUTE, expected: reused },
    { before: MINUTE, after: 5, expected: reused },
    { before: Infinity, after: Infinity, expected: reused },
    { before: null, after: MINUTE, expected: replaced },
    { before: MINUTE, after: null, expected: replaced },
  ])("over a ttl of $before, one of $after", async ({ before, after, expected }) => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "old", ttl: before });
    expect(await t.mutation(put, { ...request, value: "new", ttl: after })).toEqual(expected);
    const { values, metadata } = await stored();
    expect(values).toMatchObject([{ value: expected === reused ? "old" : "new" }]);
    const standing = expected === reused ? before : after;
    expect(metadata.map(({ expiresAt }) => expiresAt)).toEqual(
      standing === null || standing === Infinity ? [] : [START + standing],
    );
  });

  test.each([
    [null, null],
    [null, MINUTE],
    [MINUTE, null],
    [MINUTE, MINUTE],
  ])("replaces the entry seen as expired, over %s one of %s", async (before, after) => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "old", ttl: before });
    const [seen] = (await stored()).values;
    const again = { ...request, value: "new", ttl: after, expiredEntry: seen!._id };
    expect(await t.mutation(put, again)).toEqual(replaced);
    const { values, metadata } = await stored();
    expect(values).toMatchObject([{ value: "new" }]);
    expect(metadata).toHaveLength(after === null ? 0 : 1);
  });

  test("keeps an entry that has come since the expired one was seen", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "old", ttl: MINUTE });
    const expiredEntry = (await stored()).values[0]!._id;
    const again = { ...request, ttl: MINUTE, expiredEntry };
    await t.mutation(put, { ...again, value: "first" });
    expect(await t.mutation(put, { ...again, value: "second" })).toEqual(reused);
    expect(await t.query(get, { ...request, ttl: null })).toMatchObject({ value: "first" });
  });

  test("keeps an expired entry that was not named", async () => {
    const { t } = createApp();
    await t.mutation(put, { ...request, value: "old", ttl: 1 });
    vi.setSystemTime(START + MINUTE);
    expect(await t.mutation(put, { ...request, value: "new", ttl: 1 })).toEqual(reused);
  });

  test("does not take an invalidated entry for one", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "old", ttl: null });
    await t.mutation(component.lib.removeAll, {});
    expect(await t.mutation(put, { ...request, value: "new", ttl: null })).toEqual({
      cacheHit: false,
      deletedExpiredEntry: false,
    });
    expect((await stored()).values).toMatchObject([{ value: "new" }]);
  });

  test("takes over nothing of a large value that it replaces", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: "x".repeat(3 * 1024 * 1024), ttl: null });
    expect((await stored()).parts).toBe(4);
    await t.mutation(put, { ...request, value: "short", ttl: MINUTE });
    expect(await stored()).toMatchObject({ parts: 0, values: [{ value: "short" }] });
  });

  test("rolls back with the mutation that called it", async () => {
    const { t, stored } = createApp();
    const before = await stored();
    const failing = t.mutation(async (ctx) => {
      await ctx.runMutation(put, { ...request, value: "x".repeat(3 * 1024 * 1024), ttl: 5 });
      throw new Error("after all not");
    });
    await expect(failing).rejects.toThrow("after all not");
    expect(await stored()).toEqual(before);
  });
});

describe("lib.remove", () => {
  test("removes one entry and all that belongs to it", async () => {
    const { t, stored } = createApp();
    const kept = { name: "weather", args: { request: "Bern" } };
    await t.mutation(put, { ...request, value: "x".repeat(3 * 1024 * 1024), ttl: MINUTE });
    await t.mutation(put, { ...kept, value: 2, ttl: MINUTE });
    expect(await t.mutation(remove, request)).toBeNull();
    expect(await t.query(get, { ...request, ttl: null })).toEqual({ kind: "miss" });
    expect(await t.query(get, { ...kept, ttl: null })).toMatchObject({ kind: "hit" });
    const { values, metadata, parts } = await stored();
    expect(values).toHaveLength(1);
    expect(metadata).toMatchObject([{ valueId: values[0]!._id }]);
    expect(parts).toBe(0);
  });

  test("removes an expired entry, and is content with none", async () => {
    const { t, stored } = createApp();
    await t.mutation(put, { ...request, value: 1, ttl: 1 });
    vi.setSystemTime(START + MINUTE);
    expect(await t.mutation(remove, request)).toBeNull();
    expect(await t.mutation(remove, request)).toBeNull();
    expect(await stored()).toMatchObject({ values: [], metadata: [] });
  });
});

/** Times and ttls that never meet to the millisecond, where 0.3.1 was not exact. */
const ttl = fc.constantFrom(null, 10, 250, 1000);
const step = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), ttl }),
  fc.record({ kind: fc.constant("put" as const), ttl, seen: fc.boolean() }),
  fc.record({ kind: fc.constant("remove" as const) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(3, 77, 411) }),
);

property.prop({ steps: fc.array(step, { maxLength: 25 }) })(
  "get, put and remove answer as 0.3.1 does, whatever came before",
  async ({ steps }) => {
    vi.setSystemTime(START);
    const ours = createApp();
    const legacy = createApp();
    registerBesideLegacy(legacy.t);
    const sides = [
      { app: ours, lib: component.lib, expired: undefined as string | undefined },
      { app: legacy, lib: legacyLib, expired: undefined as string | undefined },
    ];
    for (const [index, each] of steps.entries()) {
      if (each.kind === "wait") vi.setSystemTime(Date.now() + each.ms);
      const answers: unknown[] = [];
      for (const side of sides) {
        const { app, lib } = side;
        if (each.kind === "get") {
          const answer = await app.t.query(lib.get, { ...request, ttl: each.ttl });
          side.expired = answer.kind === "miss" ? answer.expiredEntry : undefined;
          // The ids of two databases differ; that one was given must not.
          const id = side.expired === undefined ? {} : { expiredEntry: "the entry" };
          answers.push({ ...answer, ...id });
        } else if (each.kind === "put") {
          const seen =
            each.seen && side.expired !== undefined ? { expiredEntry: side.expired } : {};
          const again = { ...request, value: index, ttl: each.ttl, ...seen };
          answers.push(await app.t.mutation(lib.put, again));
        } else if (each.kind === "remove") {
          answers.push(await app.t.mutation(lib.remove, request));
        } else {
          answers.push(null);
        }
      }
      expect(answers[0]).toEqual(answers[1]);
    }
  },
);
