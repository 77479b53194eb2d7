/** Values that are not modified, beside figures, bounds and housekeeping. */
import type { Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { deleteAll } from "../component/model/gc/batch.js";
import { listExpired } from "../component/model/gc/purge.js";
import { DAY, HOUR, MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { figuresOf } from "../testing/figures.js";
import { virtualTime } from "../testing/time.js";
import { ActionCache, type CacheOptions, NOT_MODIFIED } from "./index.js";

const START = 1_000 * HOUR;
virtualTime(START, { quietly: true });

const createInlineApp = () => {
  const app = createApp();
  const value = { now: "value" as Value };
  const make = (options: Partial<CacheOptions<{ n: number }, Value>>) =>
    new ActionCache(component, {
      name: "inline",
      ttl: MINUTE,
      ...options,
      compute: (_ctx, _args: { n: number }, before?: Value): Promise<Value | typeof NOT_MODIFIED> =>
        Promise.resolve(before === undefined ? value.now : NOT_MODIFIED),
    });
  const tables = () =>
    app.inComponent(async (ctx) => ({
      values: await ctx.db.query("values").collect(),
      residents: await ctx.db.query("residents").collect(),
      parts: await ctx.db.query("parts").collect(),
      metadata: await ctx.db.query("metadata").collect(),
    }));
  return { ...app, make, value, tables };
};
type App = ReturnType<typeof createInlineApp>;
const get = (app: App, cache: ReturnType<App["make"]>) =>
  app.act((ctx) => cache.fetch(ctx, { n: 1 }));

describe("a value that is not modified", () => {
  test("is counted by bounds that were turned on since it was stored", async () => {
    const app = createInlineApp();
    await get(app, app.make({}));
    vi.setSystemTime(START + MINUTE);
    await get(app, app.make({ maxEntries: 10, idleTtl: HOUR }));
    const { residents, values } = await app.tables();
    expect(residents).toHaveLength(1);
    expect(residents[0]).toMatchObject({ valueId: values[0]!._id, expiresAt: START + 2 * MINUTE });
  });
  test("is counted no more by bounds that were turned off", async () => {
    const app = createInlineApp();
    await get(app, app.make({ maxEntries: 10 }));
    vi.setSystemTime(START + MINUTE);
    await get(app, app.make({}));
    expect((await app.tables()).residents).toHaveLength(0);
  });
  test("goes by the idleTtl of now", async () => {
    const app = createInlineApp();
    await get(app, app.make({ idleTtl: HOUR }));
    vi.setSystemTime(START + MINUTE);
    await get(app, app.make({ idleTtl: DAY }));
    expect((await app.tables()).residents[0]).toMatchObject({
      idleTtl: DAY,
      keptUntil: START + MINUTE + DAY,
    });
  });
  test("comes to figures that were turned on, and leaves those that were turned off", async () => {
    const app = createInlineApp();
    await get(app, app.make({}));
    vi.setSystemTime(START + MINUTE);
    await get(app, app.make({ stats: true }));
    expect(await figuresOf(app, "inline")).toMatchObject({ entries: 1, misses: 1, fills: 1 });
    vi.setSystemTime(START + 2 * MINUTE);
    await get(app, app.make({}));
    expect(await figuresOf(app, "inline")).toMatchObject({ entries: 0, bytes: 0 });
  });
  test("of 0.3.1 is counted", async () => {
    const app = createInlineApp();
    await app.inComponent(async (ctx) => {
      const id = await ctx.db.insert("values", { name: "inline", args: { n: 1 }, value: "value" });
      const metadataId = await ctx.db.insert("metadata", { valueId: id, expiresAt: START });
      await ctx.db.patch("values", id, { metadataId });
    });
    await get(app, app.make({ stats: true, maxEntries: 5 }));
    expect(await figuresOf(app, "inline")).toMatchObject({ entries: 1 });
    const { residents, values, metadata } = await app.tables();
    expect([residents.length, values.length, metadata.length]).toEqual([1, 1, 1]);
  });
  test("keeps what it is stored in, though a purge listed it when it was old", async () => {
    const app = createInlineApp();
    app.value.now = "x".repeat(2_000_000);
    const cache = app.make({ maxEntries: 5, tags: () => ["t"] });
    await get(app, cache);
    vi.setSystemTime(START + HOUR);
    const listed = await app.inComponent((ctx) => listExpired(ctx, { until: START + HOUR }));
    expect(listed.deletions).toHaveLength(1);
    await get(app, cache);
    await app.inComponent((ctx) => deleteAll(ctx, listed.deletions));
    const stored = await app.tables();
    expect([
      stored.values.length,
      stored.parts.length,
      stored.residents.length,
      stored.metadata.length,
    ]).toEqual([1, 2, 1, 1]);
  });
  test("and so does one that was replaced", async () => {
    const app = createInlineApp();
    const cache = app.make({ maxEntries: 5 });
    await get(app, cache);
    vi.setSystemTime(START + HOUR);
    const listed = await app.inComponent((ctx) => listExpired(ctx, { until: START + HOUR }));
    await app.act((ctx) => cache.fetch(ctx, { n: 1 }, { force: true }));
    await app.inComponent((ctx) => deleteAll(ctx, listed.deletions));
    const stored = await app.tables();
    expect([stored.values.length, stored.residents.length]).toEqual([1, 1]);
  });
  test("reaches its caller though the ttl function throws", async () => {
    const app = createInlineApp();
    await get(app, app.make({ stats: true }));
    vi.setSystemTime(START + MINUTE);
    const cache = app.make({
      stats: true,
      ttl: () => {
        throw new Error("no");
      },
    });
    expect(await get(app, cache)).toBe("value");
    expect(await figuresOf(app, "inline")).toMatchObject({
      entries: 1,
      misses: 2,
      fills: 2,
      skipped: 1,
    });
    expect(console.warn).toHaveBeenCalledOnce();
  });
});
