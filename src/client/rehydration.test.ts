import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { component, createApp } from "../testing/app.js";
import { advance } from "../testing/time.js";
import { HOUR, SECOND } from "../shared/time.js";
import { type ActionCacheConfig, invalidateTags, refresher } from "./index.js";
import type { Compute } from "../testing/app.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

/** An app whose cache has tags, and a function of the app's that fills in the background. */
function createRehydratingApp(config: Partial<ActionCacheConfig<Compute>> = {}) {
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
    pass: (ms: number) => advance(ms, () => app.observer.operations),
    fetch: (doc: string) => app.act((ctx) => cache.fetchEntry(ctx, { doc })),
    peek: (doc: string) => app.t.query((ctx) => cache.peek(ctx, { doc })),
    invalidate: (tags: string[], options = {}) =>
      app.t.mutation((ctx) => invalidateTags(ctx, component, tags, options)),
  };
}

test("the entries that were removed are filled again in the background, and no others", async () => {
  const { fetch, invalidate, pass, peek, upstream } = createRehydratingApp();
  for (const doc of ["a", "b", "c"]) await fetch(doc);
  await invalidate(["doc:a", "doc:b"], { refresh: true });
  expect(await peek("a")).toBeNull();
  await pass(SECOND);
  expect(upstream.asked.slice(3).map(({ doc }) => doc)).toEqual(["a", "b"]);
  expect((await fetch("a")).status).toBe("hit");
  expect((await fetch("c")).value).toBe(3);
});

test("with expire, the old value is served stale until the new one is there", async () => {
  const { fetch, invalidate, pass, upstream } = createRehydratingApp({
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
  const { fetch, invalidate, pass, upstream, stored } = createRehydratingApp();
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
  const { fetch, invalidate, pass, upstream } = createRehydratingApp();
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
  const { fetch, invalidate, pass, peek, upstream } = createRehydratingApp();
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
  const { act, cache, invalidate, pass, t } = createRehydratingApp();
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
    const { act, cache, invalidate, pass, upstream } = createRehydratingApp(config);
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
  const { fetch, cache, t, pass, upstream, events } = createRehydratingApp({
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
  const { cache, t, stored } = createRehydratingApp({ refresher: undefined });
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
      expect(() => createRehydratingApp(config)).toThrow(code);
    }
  }
});
