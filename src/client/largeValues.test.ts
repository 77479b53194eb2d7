// Bytes are handled many times as fast in Node as in the edge runtime.
// @vitest-environment node
import type { Value } from "convex/values";
import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";

const MIB = 1024 * 1024;

// A fill of a large value may take longer than a heartbeat's interval: no real time passes for it.
virtualTime(1_000_000);

const text = (bytes: number) => "x".repeat(bytes);
/** Floats take 9 bytes each, in arrays of at most 8,192. */
const floats = (bytes: number) =>
  Array.from({ length: Math.floor(bytes / 8192 / 9) }, (_, row) =>
    Array.from({ length: 8192 }, (_, column) => Math.sin(row * 8192 + column)),
  );
const nested = (depth: number): Value => (depth === 0 ? "core" : { inner: nested(depth - 1) });

describe("large values", () => {
  test.each([
    ["text of 1.1 MiB", () => text(1.1 * MIB)],
    ["text of 4 MiB", () => text(4 * MIB - 2)],
    ["floats of 4 MiB", () => floats(4 * MIB)],
    ["bytes of 2 MiB", () => new ArrayBuffer(2 * MIB)],
    ["nesting of 15", () => nested(15)],
    ["nesting of 40", () => nested(40)],
    ["nesting of 60", () => nested(60)],
  ])("%s is stored in one transaction, and comes back whole in one call", async (_, make) => {
    const app = createApp();
    const cache = app.cache();
    const value = make();
    app.upstream.answer = () => value;
    await app.act(async (ctx) => {
      expect(await cache.fetch(ctx, { a: 1 })).toEqual(value);
      return null;
    });
    expect(app.observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 1 });
    expect(app.events).toMatchObject([{ put: "created" }]);
    app.observer.reset();
    await app.act(async (ctx) => {
      expect(await cache.fetch(ctx, { a: 1 })).toEqual(value);
      return null;
    });
    expect(app.observer.counts).toMatchObject({ queries: 1, mutations: 0, actions: 0 });
  });

  test("one is replaced by another within one transaction, and its parts go", async () => {
    const app = createApp();
    const cache = app.cache();
    app.upstream.answer = (_, run) => (run === 3 ? "small" : text(3.9 * MIB));
    for (let run = 0; run < 3; run++) {
      await app.act(async (ctx) => {
        await cache.fetch(ctx, { a: 1 }, { force: true });
        return null;
      });
    }
    expect(app.events.map(({ put }) => put)).toEqual(["created", "replaced", "replaced"]);
    expect(await app.stored()).toMatchObject({ parts: 0, values: [{ value: "small" }] });
  });

  test("one that is removed leaves no parts", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.t.mutation((ctx) => cache.put(ctx, { a: 1 }, text(4 * MIB - 2)));
    expect(await app.t.mutation((ctx) => cache.remove(ctx, { a: 1 }))).toBe(true);
    expect(await app.stored()).toMatchObject({ parts: 0, values: [] });
  });

  test("one over 4 MiB is returned, not stored, and said so in the log", async () => {
    const app = createApp();
    const cache = app.cache();
    const value = text(4 * MIB - 1);
    app.upstream.answer = () => value;
    await app.act(async (ctx) => {
      expect(await cache.fetch(ctx, { a: 1 })).toBe(value);
      return null;
    });
    expect(app.events).toMatchObject([{ get: "miss", put: "skipped" }]);
    expect((await app.stored()).values).toEqual([]);
  });

  test("one over 4 MiB is refused by put", async () => {
    const app = createApp();
    const cache = app.cache();
    await expect(
      app.t.mutation((ctx) => cache.put(ctx, { a: 1 }, text(4 * MIB - 1))),
    ).rejects.toMatchObject({ data: { code: "VALUE_TOO_LARGE" } });
  });

  test("a part that is missing makes a miss, and is made good by it", async () => {
    const app = createApp();
    const cache = app.cache();
    app.upstream.answer = (_, run) => text(2 * MIB + run);
    const length = () => app.act(async (ctx) => String(await cache.fetch(ctx, { a: 1 })).length);
    await length();
    await app.inComponent(async (ctx) => {
      const part = await ctx.db.query("parts").first();
      await ctx.db.delete("parts", part!._id);
    });
    expect(await app.t.query((ctx) => cache.peek(ctx, { a: 1 }))).toBeNull();
    expect(await length()).toBe(2 * MIB + 2);
    expect(await length()).toBe(2 * MIB + 2);
    expect(app.upstream.runs).toBe(2);
    expect((await app.stored()).parts).toBe(3);
  });

  test("several in one tick come back in as many pages as they need", async () => {
    const app = createApp();
    const cache = app.cache();
    for (let n = 0; n < 4; n++) {
      await app.t.mutation((ctx) => cache.put(ctx, { n }, text(1.5 * MIB + n)));
    }
    const lengths = await app.act(async (ctx) => {
      const values = await Promise.all([0, 1, 2, 3].map((n) => cache.fetch(ctx, { n })));
      return values.map((value) => String(value).length);
    });
    expect(lengths).toEqual([0, 1, 2, 3].map((n) => 1.5 * MIB + n));
    expect(app.observer.counts).toMatchObject({ queries: 2, actions: 0 });
  });
});

describe("large arguments", () => {
  test("arguments of 2 MiB are a key", async () => {
    const app = createApp();
    const cache = app.cache();
    const fetch = (last: string) =>
      app.act((ctx) => cache.fetch(ctx, { text: text(2 * MIB) + last }));
    expect(await fetch("a")).toBe(1);
    expect(await fetch("a")).toBe(1);
    expect(await fetch("b")).toBe(2);
  });

  test("arguments nested 50 deep are a key", async () => {
    const app = createApp();
    const cache = app.cache();
    const fetch = () => app.act((ctx) => cache.fetch(ctx, { deep: nested(50) }));
    expect(await fetch()).toBe(1);
    expect(await fetch()).toBe(1);
  });
});
