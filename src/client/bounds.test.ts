/** Bounds: what is evicted, and what hits and fills pay for that. */
import { describe, expect, test, vi } from "vitest";
import { invalidateTags } from "../client/index.js";
import { HOUR, MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { virtualTime } from "../testing/time.js";

virtualTime(1_000 * HOUR);

type App = ReturnType<typeof createApp>;
type Cache = ReturnType<App["cache"]>;

const fill = (app: App, cache: Cache, n: number) => app.act((ctx) => cache.fetch(ctx, { n }));
const survivors = async (app: App) => {
  const { values } = await app.stored();
  return values.map(({ args }) => (args as { n: number }).n).sort((a, b) => a - b);
};

/** Everything that is scheduled now and then is scheduled each time. */
const eager = () => vi.spyOn(Math, "random").mockReturnValue(0);

describe("past maxEntries", () => {
  test("the oldest that were not read are evicted; those that were are spared once", async () => {
    const app = createApp();
    const cache = app.cache({ maxEntries: 4 });
    eager();
    for (const n of [1, 2, 3, 4]) await fill(app, cache, n);
    await finishBackground(app);
    await fill(app, cache, 1);
    await fill(app, cache, 3);
    for (const n of [5, 6]) {
      await fill(app, cache, n);
      await finishBackground(app);
    }
    expect(await survivors(app)).toEqual([1, 3, 5, 6]);
    // The hand has taken the marks away and goes on behind 4: 5 goes next.
    await fill(app, cache, 7);
    await finishBackground(app);
    expect(await survivors(app)).toEqual([1, 3, 6, 7]);
  });

  test("stale entries go first, and then those of invalidated tags", async () => {
    const app = createApp();
    const cache = app.cache({
      maxEntries: 3,
      tags: ({ args }) => [`n${String(args.n)}`],
      ttl: ({ args }) => (args.n === 3 ? MINUTE : HOUR),
    });
    eager();
    for (const n of [1, 2, 3]) await fill(app, cache, n);
    await finishBackground(app);
    vi.setSystemTime(Date.now() + MINUTE);
    await app.t.mutation((ctx) => invalidateTags(ctx, component, ["n2"]));
    await fill(app, cache, 4);
    await finishBackground(app);
    expect(await survivors(app)).toEqual([1, 2, 4]);
    await fill(app, cache, 5);
    await finishBackground(app);
    expect(await survivors(app)).toEqual([1, 4, 5]);
  });

  test("an evicted entry is gone with all that belongs to it", async () => {
    const app = createApp();
    const cache = app.cache({
      maxEntries: 1,
      ttl: HOUR,
      tags: () => ["t"],
      refresher: "refresher" as never,
    });
    app.upstream.answer = () => "x".repeat(1_500_000);
    eager();
    await fill(app, cache, 1);
    await fill(app, cache, 2);
    await finishBackground(app);
    const { values, metadata, parts, tags } = await app.stored();
    expect([values.length, metadata.length, parts, tags.length]).toEqual([1, 1, 2, 1]);
    const residents = await app.inComponent((ctx) => ctx.db.query("residents").collect());
    expect(residents).toMatchObject([{ valueId: values[0]!._id }]);
  });

  test("a refresh keeps an entry's place and its mark", async () => {
    const app = createApp();
    const cache = app.cache({ maxEntries: 2 });
    for (const n of [1, 2, 1]) await fill(app, cache, n);
    await app.act((ctx) => cache.fetch(ctx, { n: 1 }, { force: true }));
    const residents = await app.inComponent((ctx) => ctx.db.query("residents").collect());
    expect(residents.map(({ visited }) => visited)).toEqual([true, false]);
    expect(residents[0]!.insertedAt < residents[1]!.insertedAt).toBe(true);
  });

  test("all tenants of a name share the bound, and other names have none", async () => {
    const app = createApp();
    const cache = app.cache({ maxEntries: 2 });
    const other = app.cache({ name: "other" });
    eager();
    for (let n = 0; n < 3; n++) {
      await fill(app, cache.forTenant(`t${n}`), n);
      await fill(app, cache, n);
      await fill(app, other, n);
    }
    await finishBackground(app);
    const { values } = await app.stored();
    expect(values.filter(({ name }) => name === "test")).toHaveLength(2);
    expect(values.filter(({ name }) => name === "other")).toHaveLength(3);
  });
});

test("past maxBytes, entries are evicted by the size of their values", async () => {
  const app = createApp();
  const cache = app.cache({ maxBytes: 10_000 });
  app.upstream.answer = ({ n }) => "x".repeat(Number(n) * 1_000);
  eager();
  for (const n of [2, 3, 4, 5]) {
    await fill(app, cache, n);
    await finishBackground(app);
  }
  expect(await survivors(app)).toEqual([4, 5]);
  // A value that grows counts too.
  app.upstream.answer = () => "x".repeat(9_000);
  await app.act((ctx) => cache.fetch(ctx, { n: 5 }, { force: true }));
  await finishBackground(app);
  expect(await survivors(app)).toEqual([5]);
});

describe("what leaves otherwise is taken off the count", () => {
  test.each([
    [
      "remove",
      (app: App, cache: Cache, n: number) => app.t.mutation((ctx) => cache.remove(ctx, { n })),
    ],
    [
      "a clear and its sweep",
      (app: App, cache: Cache) => app.t.mutation((ctx) => cache.removeAllForName(ctx)),
    ],
    ["the purge", () => Promise.resolve(vi.setSystemTime(Date.now() + 2 * HOUR))],
  ])("by %s", async (_, leave) => {
    const app = createApp();
    const cache = app.cache({ maxEntries: 5, ttl: HOUR });
    eager();
    for (let n = 0; n < 5; n++) await fill(app, cache, n);
    await finishBackground(app);
    for (let n = 0; n < 5; n++) await leave(app, cache, n);
    await keepHouse(app);
    for (let n = 10; n < 15; n++) await fill(app, cache, n);
    await finishBackground(app);
    expect(await survivors(app)).toEqual([10, 11, 12, 13, 14]);
    const bounds = await app.inComponent((ctx) => ctx.db.query("bounds").collect());
    expect(bounds).toMatchObject([{ entries: 5 }]);
  });
});

describe("idleTtl", () => {
  test("expires what was not read for that long, and deletes it", async () => {
    const app = createApp();
    const cache = app.cache({ idleTtl: HOUR });
    await fill(app, cache, 1);
    vi.setSystemTime(Date.now() + 40 * MINUTE);
    await fill(app, cache, 1);
    vi.setSystemTime(Date.now() + 40 * MINUTE);
    const entry = await app.t.query((ctx) => cache.peek(ctx, { n: 1 }));
    expect(entry).toMatchObject({ value: 1, readAt: Date.now() - 40 * MINUTE });
    expect(entry!.expiresAt).toBe(Date.now() + 20 * MINUTE);
    expect(await fill(app, cache, 1)).toBe(1);
    vi.setSystemTime(Date.now() + HOUR);
    expect(await fill(app, cache, 1)).toBe(2);
    vi.setSystemTime(Date.now() + HOUR);
    await keepHouse(app);
    expect(await survivors(app)).toEqual([]);
    const evictions = await app.inComponent((ctx) => ctx.db.query("evictions").collect());
    expect(evictions).toMatchObject([{ reason: "idleTtl" }]);
  });

  test("writes at most once per half of it, however often an entry is read", async () => {
    const app = createApp();
    const cache = app.cache({ idleTtl: HOUR });
    await fill(app, cache, 1);
    app.observer.reset();
    for (let minute = 0; minute < 120; minute += 5) {
      vi.setSystemTime(Date.now() + 5 * MINUTE);
      await fill(app, cache, 1);
    }
    expect(app.observer.counts.mutations).toBe(4);
    expect(app.upstream.runs).toBe(1);
  });

  test("lets windows begin where it ends, and no refresh ahead of it", async () => {
    const app = createApp();
    const cache = app.cache({ idleTtl: HOUR, staleWhileRevalidate: HOUR, refreshAhead: true });
    await fill(app, cache, 1);
    vi.setSystemTime(Date.now() + HOUR - 1);
    const status = async () => (await app.act((ctx) => cache.fetchEntry(ctx, { n: 1 }))).status;
    expect(await status()).toBe("hit");
    vi.setSystemTime(Date.now() + HOUR);
    expect(await status()).toBe("stale");
    await finishBackground(app);
    expect(app.upstream.runs).toBe(2);
  });
});

test("a hit reads one document more, and writes only until it is marked", async () => {
  const app = createApp();
  const cache = app.cache({ maxEntries: 100 });
  await fill(app, cache, 1);
  const hit = async () => {
    app.observer.reset();
    await fill(app, cache, 1);
    return app.observer.counts;
  };
  expect(await hit()).toMatchObject({ queries: 1, mutations: 1, documentsWritten: 1 });
  expect(await hit()).toMatchObject({ queries: 1, mutations: 0, documentsRead: 2 });
});

test("a mutation that fetches marks what it reads", async () => {
  const app = createApp();
  const cache = app.cache({ maxEntries: 100 });
  await fill(app, cache, 1);
  await app.t.mutation((ctx) => cache.fetch(ctx, { n: 1 }));
  const residents = await app.inComponent((ctx) => ctx.db.query("residents").collect());
  expect(residents).toMatchObject([{ visited: true }]);
});

test("what tells that entries were evicted goes after a day", async () => {
  const app = createApp();
  const cache = app.cache({ maxEntries: 1 });
  eager();
  await fill(app, cache, 1);
  await fill(app, cache, 2);
  await finishBackground(app);
  const evictions = () => app.inComponent((ctx) => ctx.db.query("evictions").collect());
  expect(await evictions()).toMatchObject([{ reason: "bounds" }]);
  vi.setSystemTime(Date.now() + 25 * HOUR);
  await keepHouse(app);
  expect(await evictions()).toEqual([]);
});
