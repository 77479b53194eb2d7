/** A day of traffic in virtual time, with figures and all bounds, and its housekeeping. */
import { expect, test, vi } from "vitest";
import { invalidateTags } from "../client/index.js";
import { HOUR } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { figuresOf } from "../testing/figures.js";
import { virtualTime } from "../testing/time.js";
import { randomFrom } from "../testing/workloads.js";

virtualTime(1_000 * HOUR);

/** 60 fetches an hour stand for 4,000: convex-test reads whole tables where a database seeks. */
test("after a day of traffic every table is as large as the cache, or as what happened lately", async () => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  const random = randomFrom(11);
  vi.spyOn(Math, "random").mockImplementation(random);
  const app = createApp();
  const maxEntries = 150;
  const cache = app.cache({
    ...{ maxEntries, maxBytes: 1e6, idleTtl: 6 * HOUR, ttl: 12 * HOUR, stats: true },
    tags: ({ args }) => [`tag ${Number(args.n) % 5}`],
  });
  for (let hour = 0; hour < 26; hour++) {
    for (let n = 0; n < 60; n++) {
      const key = { n: Math.floor(random() * (n % 3 === 0 ? 40 : 100_000)) };
      const tenant = n % 4 === 0 ? cache.forTenant(`tenant ${n % 8}`) : cache;
      await app.act((ctx) => tenant.fetch(ctx, key));
    }
    await app.t.mutation((ctx) => invalidateTags(ctx, component, [`tag ${hour % 5}`]));
    await finishBackground(app);
    vi.setSystemTime(Date.now() + HOUR);
    await keepHouse(app);
    const figures = await figuresOf(app, "test");
    expect(figures.entries).toBe((await app.stored()).values.length);
    expect(figures.entries).toBeLessThanOrEqual(maxEntries * 1.1);
  }
  vi.setSystemTime(Date.now() + 2 * HOUR);
  for (let hour = 0; hour < 3; hour++) await keepHouse(app);
  const { values, metadata, tags, fills, invalidations } = await app.stored();
  const rows = await app.inComponent(async (ctx) => ({
    residents: (await ctx.db.query("residents").collect()).length,
    deltas: (await ctx.db.query("deltas").collect()).length,
    departures: (await ctx.db.query("departures").collect()).length,
    bounds: await ctx.db.query("bounds").collect(),
    figures: (await ctx.db.query("figures").collect()).length,
    evictions: await ctx.db.query("evictions").collect(),
  }));
  expect(values.length).toBeLessThanOrEqual(maxEntries);
  expect(metadata).toHaveLength(values.length);
  expect(tags.length).toBeLessThanOrEqual(3 * values.length);
  expect(rows.residents).toBe(values.length);
  expect(rows.bounds).toMatchObject([{ entries: values.length }]);
  expect([fills.length, rows.departures]).toEqual([0, 0]);
  // What the last housekeeping recorded itself is added by the next.
  expect(rows.deltas).toBeLessThan(10);
  expect(invalidations.length).toBeLessThanOrEqual(5);
  expect(rows.figures).toBeLessThanOrEqual(3 * 40);
  const oldest = Math.min(...rows.evictions.map(({ _creationTime }) => _creationTime));
  expect(oldest).toBeGreaterThan(Date.now() - 26 * HOUR);
});
