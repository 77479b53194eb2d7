import { makeFunctionReference } from "convex/server";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { keepHouse } from "../testing/background.js";
import { sleep } from "../shared/engine/alarm.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { type ActionCacheConfig, ALL_TENANTS, invalidateTags, refresher } from "./index.js";
import type { Compute } from "../testing/app.js";

virtualTime(1_000_000);

/** An app whose cache has tags, and a function of the app's that fills in the background. */
function createRefillingApp(config: Partial<ActionCacheConfig<Compute>> = {}) {
  const app = createApp({
    "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => cache) }),
  });
  const cache = app.cache({
    tags: ({ args }) => [`doc:${String(args.doc)}`, "docs"],
    refresher: makeFunctionReference<"action">("refreshers:refresh") as never,
    ...config,
  });
  return {
    ...app,
    cache,
    fetch: (doc: string) => app.act((ctx) => cache.fetchEntry(ctx, { doc })),
    peek: (doc: string) => app.t.query((ctx) => cache.peek(ctx, { doc })),
    invalidate: (tags: string[], options = {}) =>
      app.t.mutation((ctx) => invalidateTags(ctx, component, tags, options)),
  };
}

test("the entries that were removed are filled again in the background, and no others", async () => {
  const { fetch, invalidate, pass, peek, upstream } = createRefillingApp();
  for (const doc of ["a", "b", "c"]) await fetch(doc);
  await invalidate(["doc:a", "doc:b"], { refresh: true });
  expect(await peek("a")).toBeNull();
  await pass(SECOND);
  expect(upstream.asked.slice(3).map(({ doc }) => doc)).toEqual(["a", "b"]);
  expect((await fetch("a")).status).toBe("hit");
  expect((await fetch("c")).value).toBe(3);
});

test("with expire, the old value is served stale until the new one is there", async () => {
  const { fetch, invalidate, pass, upstream } = createRefillingApp({
    ttl: HOUR,
    staleWhileRevalidate: HOUR,
  });
  await fetch("a");
  upstream.answer = async (_, run) => {
    await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
    return run;
  };
  await invalidate(["docs"], { mode: "expire", refresh: true });
  await pass(SECOND);
  expect(await fetch("a")).toMatchObject({ value: 1, status: "stale" });
  await pass(5 * SECOND);
  expect(await fetch("a")).toMatchObject({ value: 2, status: "hit" });
  expect(upstream.runs).toBe(2);
});

test("at most eight run at once, however many there are", async () => {
  const { fetch, invalidate, pass, upstream, stored } = createRefillingApp();
  const count = 40;
  for (let n = 0; n < count; n++) await fetch(String(n));
  let running = 0;
  let most = 0;
  upstream.answer = async (_, run) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, SECOND));
    running -= 1;
    return run;
  };
  await invalidate(["docs"], { refresh: true });
  await pass(20 * SECOND);
  expect(upstream.runs).toBe(2 * count);
  expect(most).toBe(8);
  expect((await stored()).invalidations).toMatchObject([{ state: "pending" }]);
});

test("one that takes longer than its turn goes on in the next", async () => {
  const { fetch, invalidate, pass, upstream } = createRefillingApp();
  for (let n = 0; n < 24; n++) await fetch(String(n));
  upstream.answer = async (_, run) => {
    await new Promise((resolve) => setTimeout(resolve, 150 * SECOND));
    return run;
  };
  await invalidate(["docs"], { refresh: true });
  await pass(3 * 160 * SECOND);
  expect(upstream.runs).toBe(48);
});

test("an entry whose action fails does not keep the others from it", async () => {
  const { fetch, invalidate, pass, peek, upstream } = createRefillingApp();
  for (let n = 0; n < 12; n++) await fetch(String(n));
  upstream.answer = ({ doc }, run) => {
    if (Number(doc) % 2 === 0) throw new Error("down");
    return run;
  };
  await invalidate(["docs"], { refresh: true });
  await pass(5 * SECOND);
  for (let n = 0; n < 12; n++) expect((await peek(String(n))) === null).toBe(n % 2 === 0);
});

test("entries of a tenant are filled again for that tenant", async () => {
  const { act, cache, invalidate, pass, t } = createRefillingApp();
  const tenant = cache.forTenant("acme");
  await act((ctx) => tenant.fetch(ctx, { doc: "a" }));
  await act((ctx) => cache.fetch(ctx, { doc: "a" }));
  await invalidate(["docs"], { refresh: true, tenant: "acme" });
  await pass(SECOND);
  expect((await t.query((ctx) => tenant.peek(ctx, { doc: "a" })))?.value).toBe(3);
  expect((await t.query((ctx) => cache.peek(ctx, { doc: "a" })))?.value).toBe(2);
  await invalidate(["docs"], { tenant: "acme" });
  expect(await t.query((ctx) => tenant.peek(ctx, { doc: "a" }))).toBeNull();
});

test("arguments over 8 KB, and caches without a refresher, are only invalidated", async () => {
  for (const config of [{}, { refresher: undefined }]) {
    const { act, cache, invalidate, pass, upstream } = createRefillingApp(config);
    const doc = config.refresher === undefined && "refresher" in config ? "a" : "x".repeat(9000);
    await act((ctx) => cache.fetch(ctx, { doc }));
    await invalidate(["docs"], { refresh: true });
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    await act((ctx) => cache.fetch(ctx, { doc }));
    expect(upstream.runs).toBe(2);
  }
});

test("a refresher fills with the cache's own functions", async () => {
  const { fetch, cache, t, pass, upstream, events } = createRefillingApp({
    ttl: ({ value }) => Number(value) * SECOND,
    shouldCache: ({ value }) => value !== 2,
  });
  await fetch("a");
  await t.mutation((ctx) => cache.refresh(ctx, { doc: "a" }));
  await pass(1);
  expect(upstream.runs).toBe(2);
  expect((await t.query((ctx) => cache.peek(ctx, { doc: "a" })))?.value).toBe(1);
  await t.mutation((ctx) => cache.refresh(ctx, { doc: "a" }));
  await pass(1);
  const entry = await t.query((ctx) => cache.peek(ctx, { doc: "a" }));
  expect(entry).toMatchObject({ value: 3, expiresAt: entry!.createdAt + 3 * SECOND });
  expect(events.map(({ get, put }) => [get, put])).toEqual([
    ["miss", "created"],
    ["refresh", "skipped"],
    ["refresh", "replaced"],
  ]);
});

test("without one, a cache with functions of its own is refused the background", async () => {
  const { cache, t, stored } = createRefillingApp({ refresher: undefined });
  const code = "REFRESHER_REQUIRED";
  for (const call of [
    () => t.mutation((ctx) => cache.refresh(ctx, { doc: "a" })),
    () => t.mutation((ctx) => cache.fetch(ctx, { doc: "a" })),
  ]) {
    await expect(call()).rejects.toMatchObject({ data: { code } });
  }
  expect(await stored()).toMatchObject({ fills: [] });
  const own = [{ ttl: () => 1 }, { tags: () => [] }, { shouldCache: () => true }];
  for (const background of [{ staleWhileRevalidate: 1 }, { refreshAhead: true }]) {
    for (const functions of own) {
      const config = { tags: undefined, refresher: undefined, ...background, ...functions };
      expect(() => createRefillingApp(config)).toThrow(code);
    }
  }
});

describe("what a refill still needs is spared by housekeeping", () => {
  /** Entries whose refill takes minutes, and housekeeping in the middle of it. */
  async function refillSlowly(before: (app: ReturnType<typeof createRefillingApp>) => unknown) {
    const app = createRefillingApp({ ttl: 24 * HOUR });
    for (let n = 0; n < 20; n++) await app.fetch(String(n));
    await before(app);
    app.slowly(MINUTE);
    await app.invalidate(["docs"], { refresh: true });
    await app.pass(SECOND);
    vi.setSystemTime(Date.now() + 6 * MINUTE);
    await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    await app.pass(10 * MINUTE);
    return app;
  }

  test.each<[string, (app: ReturnType<typeof createRefillingApp>) => Promise<unknown>]>([
    ["an older removal of the same tag", ({ invalidate }) => invalidate(["docs"])],
    [
      "older removals of other tags",
      ({ invalidate }) => invalidate(Array.from({ length: 20 }, (_, n) => `doc:${n}`)),
    ],
    ["an older clear", ({ t, cache }) => t.mutation((ctx) => cache.removeAllForName(ctx))],
  ])("from the sweep of %s", async (_, before) => {
    const app = await refillSlowly(before);
    expect(app.upstream.runs).toBe(40);
    for (let n = 0; n < 20; n++) expect(await app.peek(String(n))).not.toBeNull();
    await keepHouse(app);
    await keepHouse(app);
    const { refills, invalidations, recipes, values } = await app.stored();
    expect({ refills, invalidations }).toEqual({ refills: [], invalidations: [] });
    expect(recipes).toHaveLength(values.length);
  });

  test("from a later removal of the same tag without a refresh, which covers as much", async () => {
    const app = createRefillingApp({ ttl: 24 * HOUR });
    for (let n = 0; n < 20; n++) await app.fetch(String(n));
    app.slowly(MINUTE);
    await app.invalidate(["docs"], { refresh: true });
    await app.pass(SECOND);
    await app.invalidate(["docs"]);
    vi.setSystemTime(Date.now() + 6 * MINUTE);
    await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    await app.pass(10 * MINUTE);
    expect(app.upstream.runs).toBe(40);
  });

  test("from the purge of what has expired since", async () => {
    const app = createRefillingApp({ ttl: MINUTE });
    for (let n = 0; n < 20; n++) await app.fetch(String(n));
    app.slowly(30 * SECOND);
    await app.invalidate(["docs"], { refresh: true });
    await app.pass(SECOND);
    await app.t.mutation((ctx) =>
      ctx.runMutation(component.crons.purge, { expiresAt: Date.now() + HOUR }),
    );
    await app.pass(2 * MINUTE);
    expect(app.upstream.runs).toBe(40);
  });
});

describe("a refill", () => {
  test("fills eight at once all the time, whatever one of them takes", async () => {
    const { fetch, invalidate, pass, upstream } = createRefillingApp();
    for (let n = 0; n < 24; n++) await fetch(String(n));
    upstream.answer = async ({ doc }, run) => {
      await sleep(doc === "0" ? 60 * SECOND : SECOND);
      return run;
    };
    await invalidate(["docs"], { refresh: true });
    await pass(5 * SECOND);
    // One is still at the first; seven places have filled the other 23 in four rounds.
    expect(upstream.runs).toBe(48);
  });

  test("goes on though each fill takes longer than its turn, and never past an action's limit", async () => {
    const { fetch, invalidate, pass, upstream, inComponent, stored } = createRefillingApp();
    for (let n = 0; n < 24; n++) await fetch(String(n));
    let running = 0;
    let most = 0;
    upstream.answer = async (_, run) => {
      most = Math.max(most, ++running);
      await sleep(9 * MINUTE);
      running -= 1;
      return run;
    };
    await invalidate(["docs"], { refresh: true });
    await pass(50 * MINUTE);
    expect(upstream.runs).toBe(48);
    // What the turn before has not ended when it hands over runs beside its successor's.
    expect(most).toBeLessThanOrEqual(16);
    expect((await stored()).refills).toEqual([]);
    const jobs = await inComponent((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    // Each turn takes four minutes and waits for as long, so it ends well within thirty.
    const turns = jobs.filter(({ name }) => name.includes("refill:run"));
    expect(turns.length).toBeGreaterThan(2);
  });

  test("that takes over an hour is not taken for lost", async () => {
    const app = createRefillingApp();
    for (let n = 0; n < 16; n++) await app.fetch(String(n));
    app.slowly(25 * MINUTE);
    await app.invalidate(["docs"], { refresh: true });
    for (let hour = 0; hour < 3; hour++) {
      await app.pass(HOUR);
      await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    }
    expect(app.upstream.runs).toBe(32);
    for (let n = 0; n < 16; n++) expect(await app.peek(String(n))).not.toBeNull();
  });

  test("whose action was lost is resumed by housekeeping, from where it was", async () => {
    const app = createRefillingApp();
    for (let n = 0; n < 24; n++) await app.fetch(String(n));
    app.slowly(SECOND);
    await app.invalidate(["docs"], { refresh: true });
    await app.pass(SECOND + 10);
    // The machine dies: nothing of it goes on, and what it scheduled is gone.
    vi.clearAllTimers();
    const begun = app.upstream.runs;
    expect(begun).toBeGreaterThanOrEqual(32);
    expect(begun).toBeLessThan(48);
    await app.pass(10 * MINUTE);
    expect(app.upstream.runs).toBe(begun);
    vi.setSystemTime(Date.now() + HOUR);
    await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    await app.pass(MINUTE);
    expect(app.upstream.runs).toBe(48);
  });

  test("fills anew what is being filled since before the invalidation, and would be rejected", async () => {
    for (const mode of ["remove", "expire"] as const) {
      const app = createRefillingApp({ ttl: HOUR });
      await app.fetch("a");
      app.slowly(5 * SECOND);
      const edits = [];
      for (let edit = 0; edit < 2; edit++) {
        edits.push(app.act((ctx) => app.cache.fetch(ctx, { doc: "a" }, { force: true })));
        await app.pass(SECOND);
        await app.invalidate(["doc:a"], { refresh: true, mode });
        await app.pass(SECOND);
      }
      await app.pass(30 * SECOND);
      await Promise.all(edits);
      const entry = await app.peek("a");
      expect(entry?.value).toBe(app.upstream.runs);
      expect(entry!.expiresAt).toBeGreaterThan(Date.now());
    }
  });

  test("leaves alone what was put after the invalidation in its own transaction", async () => {
    const { t, cache, pass, peek, upstream } = createRefillingApp();
    await t.mutation(async (ctx) => {
      await cache.put(ctx, { doc: "before" }, "old");
      await invalidateTags(ctx, component, ["docs"], { refresh: true });
      await cache.put(ctx, { doc: "after" }, "new");
    });
    await pass(SECOND);
    expect(upstream.asked).toEqual([{ doc: "before" }]);
    expect((await peek("after"))?.value).toBe("new");
    expect((await peek("before"))?.value).toBe(1);
  });

  test("of all tenants fills the entries of every tenant and of none", async () => {
    const { act, cache, invalidate, pass, upstream } = createRefillingApp();
    for (const tenant of ["a", "b", "b,", 'b"]']) {
      await act((ctx) => cache.forTenant(tenant).fetch(ctx, { doc: "x" }));
    }
    await act((ctx) => cache.fetch(ctx, { doc: "x" }));
    await act((ctx) => cache.fetch(ctx, { doc: "y" }));
    await invalidate(["doc:x"], { refresh: true, tenant: ALL_TENANTS });
    await pass(SECOND);
    expect(upstream.runs).toBe(11);
  });
});

test("figures count refills", async () => {
  const { t, cache, fetch, invalidate, pass } = createRefillingApp({ stats: true });
  for (const doc of ["a", "b"]) await fetch(doc);
  await invalidate(["docs"], { refresh: true });
  await pass(SECOND);
  const figures = await t.query((ctx) => cache.stats(ctx));
  expect(figures).toMatchObject({ misses: 2, fills: 4, entries: 2 });
});
