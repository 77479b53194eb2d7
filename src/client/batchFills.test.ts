/** Misses of one tick that one run of a batch action fills together. */
import { makeFunctionReference } from "convex/server";
import { ConvexError, type Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { batchApp, type Item, itemsOf } from "../testing/batches.js";
import { virtualTime } from "../testing/time.js";
import { DAY, HOUR, MINUTE, SECOND } from "../shared/time.js";
import { component } from "../testing/app.js";
import { ActionCache, invalidateTags, itemError } from "./index.js";

const START = 1_000_000;
virtualTime(START, { quietly: true });

const valuesOf = (items: Item[]) => items.map(({ n }) => `value ${n}`);

describe("misses of one tick", () => {
  test("share a run: 100 of them are 4 calls, and each caller gets its own, in order", async () => {
    const { act, cache, observer, runs } = batchApp();
    const items = itemsOf(0, 100);
    const fetchAll = () => act((ctx) => Promise.all(items.map((item) => cache.fetch(ctx, item))));
    expect(await fetchAll()).toEqual(valuesOf(items));
    expect(runs).toEqual([items]);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 1, handles: 0 });
    observer.reset();
    expect(await fetchAll()).toEqual(valuesOf(items));
    expect(observer.calls).toBe(1);
  });

  test("are split at maxBatch, and of 200 of which 150 are stored, 50 are run", async () => {
    const { act, cache, runs } = batchApp({ maxBatch: 60 });
    await act((ctx) => Promise.all(itemsOf(0, 150).map((item) => cache.fetch(ctx, item))));
    expect(runs.map((run) => run.length)).toEqual([60, 60, 30]);
    await act((ctx) => Promise.all(itemsOf(0, 200).map((item) => cache.fetch(ctx, item))));
    expect(runs.slice(3)).toEqual([itemsOf(150, 50)]);
  });

  test("share one of 100 by default", async () => {
    const { act, cache, runs } = batchApp();
    await act((ctx) => Promise.all(itemsOf(0, 101).map((item) => cache.fetch(ctx, item))));
    expect(runs.map((run) => run.length)).toEqual([100, 1]);
  });

  test("whose arguments are large are split by their size", async () => {
    const { act, cache, runs } = batchApp();
    const text = "x".repeat(1_500_000);
    await act((ctx) =>
      Promise.all([1, 2, 3].map((n) => cache.fetch(ctx, { n, text } as unknown as Item))),
    );
    expect(runs.map((run) => run.length)).toEqual([2, 1]);
  });

  test("of different keys with equal arguments each have an entry, and equal ones share it", async () => {
    const { act, cache, runs } = batchApp();
    const tenants = ["a", "b"].map((tenant) => cache.forTenant(tenant));
    const caches = [cache, cache, ...tenants];
    const values = await act((ctx) => Promise.all(caches.map((each) => each.fetch(ctx, { n: 1 }))));
    expect(values).toEqual(valuesOf([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }]));
    expect(runs).toEqual([[{ n: 1 }, { n: 1 }, { n: 1 }]]);
    await act((ctx) => tenants[0]!.remove(ctx, { n: 1 }));
    await act((ctx) => Promise.all(caches.map((each) => each.fetch(ctx, { n: 1 }))));
    expect(runs).toHaveLength(2);
    expect(runs[1]).toHaveLength(1);
  });

  test("of caches with other batch actions are other runs", async () => {
    const { act, cache, other, runs } = batchApp();
    await act((ctx) =>
      Promise.all([
        cache.fetch(ctx, { n: 1 }),
        other.fetch(ctx, { n: 1 }),
        cache.fetch(ctx, { n: 2 }),
      ]),
    );
    expect(runs).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 1 }]]);
  });

  test("a single one goes through it too, unless there is an action for that", async () => {
    const alone = batchApp();
    await alone.act((ctx) => alone.cache.fetch(ctx, { n: 1 }));
    expect(alone.runs).toEqual([[{ n: 1 }]]);
    const both = batchApp({ withAction: true });
    expect(await both.act((ctx) => both.cache.fetch(ctx, { n: 1 }))).toBe(1);
    await both.act((ctx) => Promise.all(itemsOf(2, 2).map((item) => both.cache.fetch(ctx, item))));
    expect(both.runs).toEqual([itemsOf(2, 2)]);
    expect(both.upstream.asked).toEqual([{ n: 1 }]);
  });
});

describe("batches that overlap (guarantee 1)", () => {
  test("of two callers, 300 texts each: every text is computed once, and each gets its own in order", async () => {
    const { act, pass, cache, runs, takes } = batchApp();
    takes(2 * SECOND);
    const fetchAll = (items: Item[]) =>
      act((ctx) => Promise.all(items.map((item) => cache.fetch(ctx, item))));
    const [some, others] = [itemsOf(0, 300), itemsOf(150, 300).reverse()];
    const all = [fetchAll(some), fetchAll(others)];
    await pass(30 * SECOND);
    expect(await all[0]).toEqual(valuesOf(some));
    expect(await all[1]).toEqual(valuesOf(others));
    const ran = runs.flat().map(({ n }) => n);
    expect(ran.sort((a, b) => a - b)).toEqual(itemsOf(0, 450).map(({ n }) => n));
  });

  test("whoever fetches one of them alone waits for that one", async () => {
    const { act, pass, cache, runs, takes } = batchApp();
    takes(SECOND);
    const all = act((ctx) => Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item))));
    await pass(100);
    const one = act((ctx) => cache.fetchEntry(ctx, { n: 1 }));
    await pass(5 * SECOND);
    expect(await one).toMatchObject({ value: "value 1", status: "coalesced" });
    await all;
    expect(runs).toHaveLength(1);
  });

  test("one entry that is removed meanwhile is its caller's alone, and the others are stored (guarantee 3)", async () => {
    const { act, pass, cache, runs, takes, events } = batchApp();
    takes(SECOND);
    const all = act((ctx) => Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item))));
    await pass(100);
    await act((ctx) => cache.remove(ctx, { n: 1 }));
    await pass(5 * SECOND);
    expect(await all).toEqual(valuesOf(itemsOf(0, 3)));
    expect(events.map(({ put }) => put)).toEqual(["created", "rejected", "created"]);
    const again = act((ctx) => Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item))));
    await pass(5 * SECOND);
    await again;
    expect(runs.slice(1)).toEqual([[{ n: 1 }]]);
  });

  test("a crashed batch is taken over within 30 s", async () => {
    const { act, pass, crashable, cache, runs, takes } = batchApp();
    takes(SECOND);
    const { crash } = crashable((ctx) =>
      Promise.all(itemsOf(0, 2).map((item) => cache.fetch(ctx, item))),
    );
    await pass(100);
    crash();
    const both = act((ctx) => Promise.all(itemsOf(0, 2).map((item) => cache.fetch(ctx, item))));
    await pass(30 * SECOND);
    expect(await both).toEqual(valuesOf(itemsOf(0, 2)));
    expect(runs.slice(1).flat()).toHaveLength(2);
  });

  test("one heartbeat keeps all the leases of a batch", async () => {
    const { act, pass, cache, runs, takes, observer } = batchApp();
    takes(MINUTE);
    const all = act((ctx) => Promise.all(itemsOf(0, 20).map((item) => cache.fetch(ctx, item))));
    await pass(40 * SECOND);
    observer.reset();
    const one = act((ctx) => cache.fetch(ctx, { n: 7 }));
    await pass(6 * SECOND);
    expect(observer.counts.mutations).toBe(1);
    await pass(30 * SECOND);
    await all;
    expect(await one).toBe("value 7");
    expect(runs).toHaveLength(1);
  });
});

describe("an item", () => {
  test("may fail alone: whoever fetches it gets the error, and the others are stored (guarantee 7)", async () => {
    const { act, cache, answer, runs, events, observer } = batchApp({ errorTtl: MINUTE });
    const errors = [itemError(new ConvexError({ code: "no such" })), itemError("too long")];
    answer((items) => items.map(({ n }) => errors[n] ?? n));
    const outcomes = await act(async (ctx) => {
      const all = itemsOf(0, 4).map((item) =>
        cache.fetch(ctx, item).catch((error: ConvexError<Value>) => error.data ?? error.message),
      );
      return (await Promise.all(all)) as Value;
    });
    expect(outcomes).toEqual([{ code: "no such" }, "too long", 2, 3]);
    expect(events.map(({ put }) => put)).toEqual(["created", "created"]);
    // Those that failed and those that were stored are settled together.
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 1 });
    expect(runs).toHaveLength(1);
    await expect(act((ctx) => cache.fetch(ctx, { n: 1 }))).rejects.toThrow("too long");
    expect(runs).toHaveLength(1);
  });

  test("whose value is one that no error is made of may look like one", async () => {
    const { act, cache, answer } = batchApp();
    answer((items) => items.map(() => ({ kind: "other", message: "a value" })));
    expect(await act((ctx) => cache.fetch(ctx, { n: 1 }))).toEqual({
      kind: "other",
      message: "a value",
    });
  });

  test("has its own tags, ttl, and may not be wanted, nor fit", async () => {
    const { act, cache, answer, events, stored } = batchApp({
      tags: ({ args }) => [`n:${args.n}`],
      ttl: ({ args }) => args.n * MINUTE,
      shouldCache: ({ args }) => args.n !== 3,
    });
    answer((items) => items.map(({ n }) => (n === 4 ? "x".repeat(5_000_000) : `value ${n}`)));
    await act(async (ctx) => {
      const values = await Promise.all(itemsOf(1, 4).map((item) => cache.fetch(ctx, item)));
      expect(String(values[3])).toHaveLength(5_000_000);
    });
    expect(events.map(({ put }) => put)).toEqual(["created", "created", "skipped", "skipped"]);
    await act((ctx) => invalidateTags(ctx, component, ["n:1"]));
    const peek = (n: number) => act((ctx) => cache.peek(ctx, { n }));
    expect(await peek(1)).toBeNull();
    expect(await peek(2)).toMatchObject({ expiresAt: START + 2 * MINUTE });
    expect(await peek(3)).toBeNull();
    expect((await stored()).values).toHaveLength(2);
  });

  test("may be large: what is stored at once is split by its size", async () => {
    const { act, cache, answer, observer } = batchApp();
    const large = "x".repeat(3_000_000);
    answer((items) => items.map(({ n }) => `${n}${large}`));
    observer.reset();
    const firsts = await act(async (ctx) => {
      const values = await Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item)));
      return values.map((value) => String(value)[0]!);
    });
    expect(firsts).toEqual(["0", "1", "2"]);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 4, actions: 1 });
    for (const n of [0, 1, 2]) {
      const length = await act(async (ctx) => String((await cache.peek(ctx, { n }))?.value).length);
      expect(length).toBe(3_000_001);
    }
  });
});

describe("a batch that can't be", () => {
  test.each([
    ["fewer", (values: Value[]) => values.slice(1)],
    ["more", (values: Value[]) => [...values, 1]],
    ["no list", () => "values"],
  ])("returned %s is an error for all, and stores nothing", async (_, spoil) => {
    const { act, cache, answer, stored, runs } = batchApp();
    answer((items) => spoil(valuesOf(items)) as Value[]);
    const outcomes = await act(async (ctx) =>
      Promise.all(
        itemsOf(0, 3).map((item) =>
          cache.fetch(ctx, item).catch((error: ConvexError<{ code: string }>) => error.data.code),
        ),
      ),
    );
    expect(outcomes).toEqual(["INVALID_RESULT", "INVALID_RESULT", "INVALID_RESULT"]);
    expect(runs).toHaveLength(1);
    expect(await stored()).toMatchObject({ values: [] });
  });

  test("run throws for all of it", async () => {
    const { act, cache, answer, runs, observer } = batchApp();
    answer(() => {
      throw new ConvexError("down");
    });
    const outcomes = await act(async (ctx) =>
      Promise.all(
        itemsOf(0, 3).map((item) =>
          cache.fetch(ctx, item).catch((error: ConvexError<string>) => error.data),
        ),
      ),
    );
    expect(outcomes).toEqual(["down", "down", "down"]);
    expect(runs).toHaveLength(1);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 1 });
  });

  test("stored in one go is stored one by one (guarantee 7)", async () => {
    const { act, cache, observer, events, stored } = batchApp();
    let settles = 0;
    observer.failCall = (address) => {
      if (!address.endsWith("fills/settle")) return;
      settles += 1;
      if (settles === 1 || settles === 3) throw new Error("disk full");
    };
    const values = await act((ctx) =>
      Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item))),
    );
    expect(values).toEqual(valuesOf(itemsOf(0, 3)));
    expect(events.map(({ put }) => put).sort()).toEqual(["created", "created", "failed"]);
    expect((await stored()).values).toHaveLength(2);
  });

  test("claimed is run all the same, together (guarantee 7)", async () => {
    const { act, cache, observer, runs } = batchApp();
    observer.failCall = (address) => {
      if (address !== "upstream") throw new Error("not registered");
    };
    const values = await act((ctx) =>
      Promise.all(itemsOf(0, 3).map((item) => cache.fetch(ctx, item))),
    );
    expect(values).toEqual(valuesOf(itemsOf(0, 3)));
    expect(runs).toHaveLength(1);
  });

  test("has arguments that Convex refuses costs the others nothing (guarantee 7)", async () => {
    const { act, cache, runs } = batchApp();
    const refused = { n: new Date(0) } as never;
    const outcomes = await act((ctx) =>
      Promise.all(
        [{ n: 1 }, refused, { n: 2 }].map((item) => cache.fetch(ctx, item).catch(() => "refused")),
      ),
    );
    expect(outcomes).toEqual(["value 1", "refused", "value 2"]);
    expect(runs).toEqual([[{ n: 1 }, { n: 2 }]]);
  });
});

describe("in the background", () => {
  const config = { ttl: MINUTE, staleWhileRevalidate: HOUR };

  /** Stores entries, lets them become stale, and fetches them all. */
  async function refreshAll(app: ReturnType<typeof batchApp>, items: Item[]) {
    const fetchAll = () =>
      app.act((ctx) => Promise.all(items.map((item) => app.cache.fetch(ctx, item))));
    await fetchAll();
    vi.setSystemTime(START + MINUTE);
    app.answer((asked) => asked.map(({ n }) => `new ${n}`));
    app.runs.length = 0;
    app.observer.reset();
    await fetchAll();
    await app.pass(SECOND);
    return await fetchAll();
  }

  test("stale ones of one tick are refreshed by one run of the component's", async () => {
    const app = batchApp(config);
    const items = itemsOf(0, 50);
    expect(await refreshAll(app, items)).toEqual(items.map(({ n }) => `new ${n}`));
    expect(app.runs).toEqual([items]);
    // A lookup and a schedule, and a lookup.
    expect(app.observer.counts).toMatchObject({ queries: 2, mutations: 1 });
  });

  test("they are split at maxBatch", async () => {
    const app = batchApp({ ...config, maxBatch: 2 });
    await refreshAll(app, itemsOf(0, 5));
    expect(app.runs.map((run) => run.length)).toEqual([2, 2, 1]);
  });

  test("a single one is left to the action, if there is one", async () => {
    const app = batchApp({ ...config, withAction: true });
    await app.act((ctx) => app.cache.fetch(ctx, { n: 1 }));
    vi.setSystemTime(START + MINUTE);
    await app.act((ctx) => app.cache.fetch(ctx, { n: 1 }));
    await app.pass(SECOND);
    expect(app.runs).toEqual([]);
    expect(app.upstream.asked).toHaveLength(2);
  });

  test("they are refreshed by one run of the app's refresher, each with its functions", async () => {
    const app = batchApp({ ...config, refreshes: true, tags: ({ args }) => [`n:${args.n}`] });
    const items = itemsOf(0, 20);
    expect(await refreshAll(app, items)).toEqual(items.map(({ n }) => `new ${n}`));
    expect(app.runs).toEqual([items]);
    expect(app.events.filter(({ get }) => get === "refresh")).toHaveLength(20);
    await app.act((ctx) => invalidateTags(ctx, component, ["n:7"]));
    expect(await app.act((ctx) => app.cache.peek(ctx, { n: 7 }))).toBeNull();
  });

  test("one that was removed before it begins is left out, and an item's error is a failed refresh", async () => {
    const app = batchApp({ ...config, refreshes: true, tags: () => [] });
    const items = itemsOf(0, 3);
    await app.act((ctx) => Promise.all(items.map((item) => app.cache.fetch(ctx, item))));
    vi.setSystemTime(START + MINUTE);
    app.runs.length = 0;
    app.answer((asked) => asked.map(({ n }) => (n === 0 ? itemError("gone") : `new ${n}`)));
    await app.act((ctx) => Promise.all(items.map((item) => app.cache.fetch(ctx, item))));
    await app.act((ctx) => app.cache.remove(ctx, { n: 1 }));
    await app.pass(SECOND);
    expect(app.runs).toEqual([[{ n: 0 }, { n: 2 }]]);
    const values = await app.act((ctx) =>
      Promise.all(items.map(async (item) => (await app.cache.peek(ctx, item))?.value ?? null)),
    );
    expect(values).toEqual(["value 0", null, "new 2"]);
  });

  test("fetches of one mutation that are not fresh are one run", async () => {
    const app = batchApp(config);
    await app.t.mutation((ctx) =>
      Promise.all(itemsOf(0, 30).map((item) => app.cache.fetch(ctx, item))),
    );
    await app.pass(SECOND);
    expect(app.runs).toEqual([itemsOf(0, 30)]);
    expect(
      await app.t.mutation((ctx) =>
        Promise.all(itemsOf(0, 30).map((item) => app.cache.fetch(ctx, item))),
      ),
    ).toEqual(valuesOf(itemsOf(0, 30)));
  });

  test("an argument too large to be scheduled with its fill begins with the others", async () => {
    const app = batchApp({ ...config, ttl: DAY });
    const items = [1, 2, 3].map((n) => ({ n, text: "x".repeat(700_000) }));
    await app.t.mutation((ctx) => Promise.all(items.map((item) => app.cache.fetch(ctx, item))));
    await app.pass(SECOND);
    expect(app.runs.map((run) => run.length)).toEqual([3]);
    expect((await app.stored()).parts).toBe(0);
  });
});

describe("bad input", () => {
  const batchAction = makeFunctionReference<"action">("batches:all") as never;

  test.each([0, 1.5, -1, NaN, 1001, "10"])("is a maxBatch of %s", (maxBatch) => {
    expect(() => new ActionCache(component, { batchAction, maxBatch: maxBatch as number })).toThrow(
      /INVALID_BATCH_SIZE.*`maxBatch`/,
    );
  });

  test("is compute beside it; its name is the default", () => {
    const compute = () => Promise.resolve(1);
    expect(() => new ActionCache(component, { name: "a", batchAction, compute } as never)).toThrow(
      /ACTION_AND_COMPUTE/,
    );
    expect(new ActionCache(component, { batchAction }).name).toBe("batches:all");
  });
});
