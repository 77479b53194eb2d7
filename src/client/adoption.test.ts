/** Bounds of caches that hold entries already: these are taken into account too. */
import { describe, expect, test, vi } from "vitest";
import { DAY, HOUR, MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { virtualTime } from "../testing/time.js";

virtualTime(1_000 * HOUR);

type App = ReturnType<typeof createApp>;

/** Everything that is scheduled now and then is scheduled each time. */
const eager = () => vi.spyOn(Math, "random").mockReturnValue(0);

const fetch = (app: App, config: Parameters<App["cache"]>[0], n: number) =>
  app.act((ctx) => app.cache(config).fetch(ctx, { n }));

async function tables(app: App) {
  return await app.inComponent(async (ctx) => ({
    values: await ctx.db.query("values").collect(),
    residents: await ctx.db.query("residents").collect(),
    departures: await ctx.db.query("departures").collect(),
    bounds: await ctx.db.query("bounds").collect(),
  }));
}

describe("entries from before a cache had bounds", () => {
  test.each([
    ["without a ttl", {}],
    ["with a ttl", { ttl: DAY }],
    ["with tags", { tags: () => ["a", "b"] }],
  ])("are evicted like others: %s", async (_, config) => {
    const app = createApp();
    for (let n = 0; n < 20; n++) await fetch(app, config, n);
    eager();
    await fetch(app, { ...config, maxEntries: 5 }, 100);
    await finishBackground(app);
    // Adopted by now; the next eviction counts them.
    await fetch(app, { ...config, maxEntries: 5 }, 101);
    await finishBackground(app);
    const { values, residents, bounds } = await tables(app);
    expect([values.length, residents.length, bounds[0]!.entries]).toEqual([5, 5, 5]);
    expect((await app.stored()).metadata).toHaveLength("ttl" in config ? 5 : 0);
  });

  test("of 0.3.1 too", async () => {
    const app = createApp();
    for (let n = 0; n < 5; n++) {
      await app.inComponent(async (ctx) => {
        const id = await ctx.db.insert("values", { name: "test", args: { n }, value: n });
        const expiresAt = Date.now() + DAY;
        const metadataId = await ctx.db.insert("metadata", { valueId: id, expiresAt });
        await ctx.db.patch("values", id, { metadataId });
      });
    }
    eager();
    for (const n of [100, 101]) {
      await fetch(app, { maxEntries: 3 }, n);
      await finishBackground(app);
    }
    const { values, bounds } = await tables(app);
    expect([values.length, bounds[0]!.entries]).toEqual([3, 3]);
    expect((await app.stored()).metadata.length).toBeLessThanOrEqual(3);
  });

  test("are taken off the count when they are purged", async () => {
    const app = createApp();
    for (let n = 0; n < 5; n++) await fetch(app, { ttl: MINUTE }, n);
    eager();
    await fetch(app, { maxEntries: 50 }, 100);
    await finishBackground(app);
    vi.setSystemTime(Date.now() + HOUR);
    for (let hour = 0; hour < 2; hour++) await keepHouse(app);
    const { values, residents, departures, bounds } = await tables(app);
    expect([values.length, residents.length, departures.length]).toEqual([1, 1, 0]);
    expect(bounds).toMatchObject([{ entries: 1 }]);
  });

  test("are adopted once, and again when bounds come back after a week", async () => {
    const app = createApp();
    eager();
    await fetch(app, { maxEntries: 50 }, 1);
    await finishBackground(app);
    await fetch(app, {}, 2);
    await fetch(app, { maxEntries: 50 }, 3);
    await finishBackground(app);
    expect((await tables(app)).residents).toHaveLength(2);
    vi.setSystemTime(Date.now() + 8 * DAY);
    await fetch(app, { maxEntries: 50 }, 4);
    await finishBackground(app);
    expect((await tables(app)).residents).toHaveLength(4);
  });

  test("are adopted in batches, of many and of large ones, within a transaction's limits", async () => {
    const app = createApp();
    for (let n = 0; n < 300; n++) await app.t.mutation((ctx) => app.cache().put(ctx, { n }, n));
    for (let n = 0; n < 6; n++) {
      const large = "x".repeat(900_000);
      await app.t.mutation((ctx) => app.cache().put(ctx, { large: n }, large));
    }
    eager();
    await fetch(app, { maxEntries: 1000 }, 1000);
    const jobs = await finishBackground(app);
    expect(jobs.filter((name) => name.includes("adopt")).length).toBeGreaterThanOrEqual(3);
    expect((await tables(app)).residents).toHaveLength(307);
  });

  test("get an end if nobody reads them", async () => {
    const app = createApp();
    await fetch(app, {}, 1);
    eager();
    await fetch(app, { idleTtl: HOUR }, 2);
    await finishBackground(app);
    vi.setSystemTime(Date.now() + 2 * HOUR);
    await keepHouse(app);
    expect((await tables(app)).values).toEqual([]);
  });
});

describe("what is counted stays exact and small", () => {
  test("when entries go that nobody read", async () => {
    const app = createApp();
    const config = { maxEntries: 10, idleTtl: HOUR };
    eager();
    for (let n = 0; n < 8; n++) await fetch(app, config, n);
    await finishBackground(app);
    vi.setSystemTime(Date.now() + 2 * HOUR);
    await keepHouse(app);
    for (let n = 10; n < 20; n++) await fetch(app, config, n);
    await finishBackground(app);
    const { values, bounds, departures } = await tables(app);
    expect([values.length, bounds[0]!.entries, departures.length]).toEqual([10, 10, 0]);
  });

  test("of a cache with an idleTtl alone, and of one that has no bounds any more", async () => {
    const app = createApp();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    for (const config of [
      { name: "a", idleTtl: HOUR },
      { name: "b", maxEntries: 1000 },
    ]) {
      for (let n = 0; n < 4; n++) await fetch(app, config, n);
    }
    for (const name of ["a", "b"]) {
      for (let n = 0; n < 4; n++) {
        await app.t.mutation((ctx) => app.cache({ name }).remove(ctx, { n }));
      }
    }
    expect((await tables(app)).departures).toHaveLength(8);
    await keepHouse(app);
    const { departures, residents } = await tables(app);
    expect([departures, residents]).toEqual([[], []]);
  });

  test("when what was tracked is replaced or removed by functions of 0.3.1", async () => {
    const app = createApp();
    eager();
    for (let n = 0; n < 3; n++) await fetch(app, { maxEntries: 10, stats: true }, n);
    await finishBackground(app);
    await app.t.mutation(async (ctx) => {
      const entry = { name: "test", args: { n: 0 } };
      await ctx.runMutation(component.lib.put, { ...entry, value: 7, ttl: 1000 });
      await ctx.runMutation(component.lib.remove, { name: "test", args: { n: 1 } });
    });
    await keepHouse(app);
    expect((await tables(app)).bounds).toMatchObject([{ entries: 1 }]);
    const figures = await app.t.query((ctx) => app.cache({ stats: true }).stats(ctx));
    expect(figures).toMatchObject({ entries: 1, fills: 3 });
  });
});

describe("bounds that change", () => {
  test("to smaller ones are kept with the next entries, to larger ones let more in", async () => {
    const app = createApp();
    eager();
    for (let n = 0; n < 30; n++) await fetch(app, { maxEntries: 30 }, n);
    await finishBackground(app);
    await fetch(app, { maxEntries: 4 }, 100);
    await finishBackground(app);
    expect((await tables(app)).values).toHaveLength(4);
    for (let n = 200; n < 220; n++) await fetch(app, { maxEntries: 10 }, n);
    await finishBackground(app);
    expect((await tables(app)).values).toHaveLength(10);
  });
});

describe("a transaction has room", () => {
  test("for what an app schedules besides many entries that it stores", async () => {
    const app = createApp();
    const cache = app.cache({ maxEntries: 10 });
    eager();
    const jobs = await app.t.mutation(async (ctx) => {
      for (let n = 0; n < 150; n++) await cache.put(ctx, { n }, n);
      return null;
    });
    expect(jobs).toBeNull();
    const scheduled = await app.inComponent((ctx) =>
      ctx.db.system.query("_scheduled_functions").collect(),
    );
    expect(scheduled.length).toBeLessThanOrEqual(101);
    await finishBackground(app);
    expect((await tables(app)).values).toHaveLength(10);
  });
});
