import { ConvexError } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { freshness } from "./index.js";

const START = 1_000_000;

virtualTime(START);

const args = { place: "Berlin" };

function createFreshApp(config: Parameters<ReturnType<typeof createApp>["cache"]>[0]) {
  const app = createApp();
  const cache = app.cache(config);
  return {
    ...app,
    cache,
    /** Sets the clock without letting anything run, as if nobody had asked in between. */
    at: (ms: number) => vi.setSystemTime(START + ms),
    fetch: (options = {}) => app.act((ctx) => cache.fetchEntry(ctx, args, options)),
    fetchInMutation: (options = {}) => app.t.mutation((ctx) => cache.fetch(ctx, args, options)),
    peek: () => app.t.query((ctx) => cache.peek(ctx, args)),
    put: (value: string, options = {}) =>
      app.t.mutation((ctx) => cache.put(ctx, args, value, options)),
    scheduled: () =>
      app.inComponent(async (ctx) => {
        const jobs = await ctx.db.system.query("_scheduled_functions").collect();
        return jobs.filter(({ state }) => state.kind !== "canceled").length;
      }),
  };
}

describe("stale-while-revalidate", () => {
  test("serves stale at once, to the millisecond, and refreshes behind it", async () => {
    const { fetch, put, at, pass, upstream } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await put("old");
    at(MINUTE - 1);
    expect(await fetch()).toMatchObject({ value: "old", status: "hit" });
    at(MINUTE);
    expect(await fetch()).toMatchObject({ value: "old", status: "stale" });
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    expect(await fetch()).toMatchObject({ value: 1, status: "hit" });
  });

  test("ends with its window, to the millisecond", async () => {
    for (const [ms, status] of [
      [MINUTE + HOUR - 1, "stale"],
      [MINUTE + HOUR, "filled"],
    ] as const) {
      vi.setSystemTime(START);
      const { fetch, put, at } = createFreshApp({ ttl: MINUTE, staleWhileRevalidate: HOUR });
      await put("old");
      at(ms);
      expect((await fetch()).status).toBe(status);
    }
  });

  test.each([{}, { staleWhileRevalidate: 0, staleIfError: 0 }])(
    "a window of zero is none: %o",
    async (windows) => {
      const { fetch, put, at, upstream } = createFreshApp({ ttl: MINUTE, ...windows });
      await put("old");
      at(MINUTE);
      upstream.answer = () => Promise.reject(new Error("down"));
      await expect(fetch()).rejects.toThrow("down");
    },
  );

  test("fifty readers at once have fifty stale values, one run, one put, and one writing mutation", async () => {
    const { act, cache, put, at, pass, upstream, observer, t } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await put("old");
    at(MINUTE + SECOND);
    observer.reset();
    const reading = Promise.all(
      Array.from({ length: 50 }, () => act((ctx) => cache.fetch(ctx, args))),
    );
    expect(new Set(await reading)).toEqual(new Set(["old"]));
    const written = observer.accesses.filter(
      (access) => access.kind === "write" && access.table === "fills",
    );
    expect(written).toHaveLength(1);
    await pass(SECOND);
    await t.finishInProgressScheduledFunctions();
    expect(upstream.runs).toBe(1);
    const puts = observer.accesses.filter(
      (access) => access.kind === "write" && access.table === "values" && access.after !== null,
    );
    expect(puts).toHaveLength(1);
  });

  test("a refresh whose scheduled action is lost does not block the entry", async () => {
    const { fetch, put, at, pass, inComponent, upstream } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await put("old");
    at(MINUTE);
    await fetch();
    await inComponent(async (ctx) => {
      for (const job of await ctx.db.system.query("_scheduled_functions").collect()) {
        await ctx.scheduler.cancel(job._id);
      }
    });
    await pass(19 * SECOND);
    await fetch();
    await pass(SECOND);
    expect(upstream.runs).toBe(0);
    await pass(SECOND);
    expect((await fetch()).status).toBe("stale");
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
  });

  test("the shorter of two ttls counts, and the window begins where it ends", async () => {
    const { fetch, put, at, pass } = createFreshApp({
      ttl: HOUR,
      staleWhileRevalidate: 10 * SECOND,
    });
    await put("old");
    at(MINUTE);
    expect((await fetch({ ttl: 2 * MINUTE })).status).toBe("hit");
    expect((await fetch({ ttl: MINUTE - 10 * SECOND + 1 })).status).toBe("stale");
    await pass(SECOND);
    expect(await fetch({ ttl: MINUTE })).toMatchObject({ value: 1, status: "hit" });
    await put("short", { ttl: SECOND });
    at(2 * MINUTE);
    expect((await fetch({ ttl: HOUR })).status).toBe("filled");
  });

  test("an entry of 0.3.1 is served stale under a cache that has a window", async () => {
    const { fetch, at, inComponent, pass, stored } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await inComponent(async (ctx) => {
      const valueId = await ctx.db.insert("values", { name: "test", args, value: "legacy" });
      const metadataId = await ctx.db.insert("metadata", { valueId, expiresAt: START + MINUTE });
      await ctx.db.patch("values", valueId, { metadataId });
    });
    at(MINUTE - 1);
    expect(await fetch()).toMatchObject({ value: "legacy", status: "hit" });
    at(MINUTE);
    expect(await fetch()).toMatchObject({ value: "legacy", status: "stale" });
    await pass(SECOND);
    expect(await fetch()).toMatchObject({ value: 1, status: "hit" });
    expect((await stored()).metadata).toHaveLength(1);
  });

  test("a foreground miss takes over a refresh that is scheduled and has not begun", async () => {
    const { act, cache, t, upstream, pass } = createFreshApp({ ttl: MINUTE });
    await t.mutation((ctx) => cache.refresh(ctx, args));
    expect(await act((ctx) => cache.fetch(ctx, args))).toBe(1);
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
  });

  test("a refresh keeps its lease however long it takes, arguments of 2 MiB and all", async () => {
    const { cache, t, upstream, pass, act } = createFreshApp({ ttl: HOUR });
    const text = "x".repeat(2 * 1024 * 1024);
    upstream.answer = async (given) => {
      await new Promise((resolve) => setTimeout(resolve, 2 * MINUTE));
      return (given.text as string).length;
    };
    await t.mutation((ctx) => cache.refresh(ctx, { text }));
    await pass(MINUTE);
    await t.mutation((ctx) => cache.refresh(ctx, { text }));
    await pass(2 * MINUTE);
    expect(upstream.runs).toBe(1);
    expect(await act((ctx) => cache.fetch(ctx, { text }))).toBe(text.length);
  });
});

describe("stale-if-error and remembered failures", () => {
  test("an outage is survived on stale values within the window, and its error shown after it", async () => {
    const { fetch, put, at, upstream, events } = createFreshApp({
      ttl: MINUTE,
      staleIfError: HOUR,
    });
    await put("old");
    upstream.answer = () => Promise.reject(new ConvexError("down"));
    for (let failure = 1; failure <= 10; failure++) {
      at(MINUTE + failure);
      expect(await fetch()).toMatchObject({ value: "old", status: "stale" });
      expect(upstream.runs).toBe(failure);
    }
    expect(events.at(-1)).toMatchObject({ get: "stale" });
    at(MINUTE + HOUR - 1);
    expect((await fetch()).status).toBe("stale");
    at(MINUTE + HOUR);
    await expect(fetch()).rejects.toMatchObject({ data: "down" });
    upstream.answer = () => "recovered";
    expect(await fetch()).toMatchObject({ value: "recovered", status: "filled" });
  });

  test("a stale value that was removed while the action failed is not served", async () => {
    const { fetch, put, at, t, cache, upstream } = createFreshApp({
      ttl: MINUTE,
      staleIfError: HOUR,
    });
    await put("old");
    at(MINUTE);
    upstream.answer = async () => {
      await t.mutation((ctx) => cache.remove(ctx, args));
      throw new Error("down");
    };
    await expect(fetch()).rejects.toThrow("down");
  });

  test("a failure is remembered for its time, to the millisecond, and then tried again", async () => {
    const { fetch, fetchInMutation, scheduled, at, upstream } = createFreshApp({
      errorTtl: 30 * SECOND,
    });
    upstream.answer = () => Promise.reject(new ConvexError({ code: 429 }));
    await expect(fetch()).rejects.toMatchObject({ data: { code: 429 } });
    at(30 * SECOND - 1);
    await expect(fetch()).rejects.toMatchObject({ data: { code: 429 } });
    expect(await fetchInMutation()).toBeNull();
    expect(await scheduled()).toBe(0);
    expect(upstream.runs).toBe(1);
    at(30 * SECOND);
    upstream.answer = () => "recovered";
    expect(await fetch()).toMatchObject({ value: "recovered" });
  });

  test("without errorTtl every caller tries again", async () => {
    const { fetch, upstream } = createFreshApp({});
    upstream.answer = () => Promise.reject(new Error("down"));
    await expect(fetch()).rejects.toThrow("down");
    await expect(fetch()).rejects.toThrow("down");
    expect(upstream.runs).toBe(2);
  });

  test("while a failure is remembered a stale value is served, and nothing runs", async () => {
    const { fetch, put, at, pass, upstream } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
      errorTtl: 5 * MINUTE,
    });
    await put("old");
    upstream.answer = () => Promise.reject(new Error("down"));
    at(MINUTE);
    expect((await fetch()).status).toBe("stale");
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    for (let read = 0; read < 10; read++) {
      expect((await fetch()).status).toBe("stale");
      await pass(SECOND);
    }
    expect(upstream.runs).toBe(1);
    await pass(5 * MINUTE);
    upstream.answer = () => "recovered";
    await fetch();
    await pass(SECOND);
    expect(await fetch()).toMatchObject({ value: "recovered", status: "hit" });
  });

  test.each(["remove", "put", "clear", "force"] as const)("%s forgets it", async (how) => {
    const { fetch, t, act, cache, put, upstream } = createFreshApp({ errorTtl: HOUR });
    upstream.answer = () => Promise.reject(new Error("down"));
    await expect(fetch()).rejects.toThrow("down");
    upstream.answer = () => "recovered";
    if (how === "remove") await t.mutation((ctx) => cache.remove(ctx, args));
    if (how === "put") await put("put");
    if (how === "clear") await t.mutation((ctx) => cache.removeAllForName(ctx));
    if (how === "force") await act((ctx) => cache.fetch(ctx, args, { force: true }));
    expect((await fetch()).value).toBe(how === "put" ? "put" : "recovered");
  });
});

describe("in a mutation", () => {
  test("a fresh value is returned, and nothing scheduled", async () => {
    const { put, fetchInMutation, scheduled, events } = createFreshApp({ ttl: MINUTE });
    await put("stored");
    expect(await fetchInMutation()).toBe("stored");
    expect(await scheduled()).toBe(0);
    expect(events).toMatchObject([{ get: "hit" }]);
  });

  test("a missing one is null, and refreshed in the background", async () => {
    const { fetchInMutation, pass, upstream } = createFreshApp({});
    expect(await fetchInMutation()).toBeNull();
    await pass(SECOND);
    expect(upstream.asked).toEqual([args]);
    expect(await fetchInMutation()).toBe(1);
  });

  test("a stale one is returned within its window, and null after it, and refreshed", async () => {
    for (const [ms, value] of [
      [MINUTE, "old"],
      [MINUTE + HOUR, null],
    ] as const) {
      vi.setSystemTime(START);
      const { put, at, fetchInMutation, pass, upstream } = createFreshApp({
        ttl: MINUTE,
        staleWhileRevalidate: HOUR,
      });
      await put("old");
      at(ms);
      expect(await fetchInMutation()).toBe(value);
      await pass(SECOND);
      expect(upstream.runs).toBe(1);
    }
  });

  test("force always schedules, and takes over what is running", async () => {
    const { put, fetchInMutation, pass, upstream, peek } = createFreshApp({});
    await put("old");
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, run === 1 ? 10 * SECOND : SECOND));
      return `run ${run}`;
    };
    expect(await fetchInMutation({ force: true })).toBe("old");
    await pass(SECOND);
    await fetchInMutation({ force: true });
    await pass(20 * SECOND);
    expect(upstream.runs).toBe(2);
    expect((await peek())?.value).toBe("run 2");
  });

  test("a mutation that throws afterwards has scheduled nothing", async () => {
    const { t, cache, pass, scheduled, upstream } = createFreshApp({});
    const throwing = t.mutation(async (ctx) => {
      await cache.refresh(ctx, args);
      await cache.fetch(ctx, args);
      throw new Error("rolled back");
    });
    await expect(throwing).rejects.toThrow("rolled back");
    await pass(SECOND);
    expect(await scheduled()).toBe(0);
    expect(upstream.runs).toBe(0);
  });
});

describe("refresh and expire", () => {
  test("refresh schedules one fill, unless one is scheduled or running", async () => {
    const { t, cache, pass, upstream, peek } = createFreshApp({});
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return run;
    };
    const refresh = () => t.mutation((ctx) => cache.refresh(ctx, args));
    await refresh();
    await refresh();
    await pass(SECOND);
    await refresh();
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(1);
    await refresh();
    await pass(10 * SECOND);
    expect((await peek())?.value).toBe(2);
  });

  test("one that is removed while it runs is not stored", async () => {
    const { t, cache, pass, upstream, stored } = createFreshApp({});
    upstream.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return "late";
    };
    await t.mutation((ctx) => cache.refresh(ctx, args));
    await pass(SECOND);
    await t.mutation((ctx) => cache.remove(ctx, args));
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(1);
    expect((await stored()).values).toEqual([]);
  });

  test("one that is removed before it begins does not run", async () => {
    const { t, cache, pass, upstream } = createFreshApp({});
    await t.mutation((ctx) => cache.refresh(ctx, args));
    await t.mutation((ctx) => cache.remove(ctx, args));
    await pass(SECOND);
    expect(upstream.runs).toBe(0);
  });

  test("expire makes a fresh entry stale, its windows run from there, and again extends nothing", async () => {
    for (const ttl of [HOUR, null]) {
      vi.setSystemTime(START);
      const { t, cache, put, at, peek, fetch } = createFreshApp({ ttl, staleIfError: HOUR });
      await put("old");
      at(MINUTE);
      await t.mutation((ctx) => cache.expire(ctx, args));
      at(2 * MINUTE);
      await t.mutation((ctx) => cache.expire(ctx, args));
      expect(await peek()).toMatchObject({ value: "old", expiresAt: START + MINUTE });
      expect((await fetch()).status).toBe("filled");
    }
  });

  test("what began before an expiry is at best stale", async () => {
    const { t, act, cache, pass, peek, upstream } = createFreshApp({ ttl: HOUR });
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return run;
    };
    const before = act((ctx) => cache.fetch(ctx, args));
    await pass(SECOND);
    const expiredAt = Date.now();
    await t.mutation((ctx) => cache.expire(ctx, args));
    await pass(5 * SECOND);
    expect(await before).toBe(1);
    expect(await peek()).toMatchObject({ value: 1, expiresAt: expiredAt });
    const after = act((ctx) => cache.fetch(ctx, args));
    await pass(6 * SECOND);
    expect(await after).toBe(2);
  });

  test("nobody who comes after an expiry waits for a fill that began before it", async () => {
    const { t, act, cache, pass, upstream } = createFreshApp({ ttl: HOUR });
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return run;
    };
    const before = act((ctx) => cache.fetch(ctx, args));
    await pass(SECOND);
    await t.mutation((ctx) => cache.expire(ctx, args));
    const after = act((ctx) => cache.fetch(ctx, args));
    await pass(20 * SECOND);
    expect(await Promise.all([before, after])).toEqual([1, 2]);
  });
});

describe("refresh-ahead", () => {
  test.each([
    [300, 1000],
    [1000, 500],
    [1500, 1500],
  ])("a fill of %i ms read every %i ms: nobody waits, at few more runs", async (fill, interval) => {
    const { act, cache, pass, upstream } = createFreshApp({ ttl: MINUTE, refreshAhead: true });
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, fill));
      return run;
    };
    const first = act((ctx) => cache.fetch(ctx, args));
    await pass(fill + 10);
    await first;
    const lifetimes = 6;
    for (let ms = 0; ms < lifetimes * MINUTE; ms += interval) {
      const { status } = await act((ctx) => cache.fetchEntry(ctx, args));
      expect(status).toBe("hit");
      await pass(interval);
    }
    expect(upstream.runs - 1).toBeLessThanOrEqual(lifetimes * 1.1 + 1);
  });

  test("begins in the second half of an entry's life, however long its fill takes", async () => {
    const { act, cache, at, upstream, pass } = createFreshApp({ ttl: MINUTE, refreshAhead: true });
    vi.spyOn(Math, "random").mockReturnValue(0);
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 50 * SECOND));
      return run;
    };
    const first = act((ctx) => cache.fetch(ctx, args));
    await pass(51 * SECOND);
    await first;
    const stored = (await act((ctx) => cache.peek(ctx, args)))!.createdAt - START;
    at(stored + 29 * SECOND);
    await act((ctx) => cache.fetch(ctx, args));
    await pass(10);
    expect(upstream.runs).toBe(1);
    at(stored + 31 * SECOND);
    await act((ctx) => cache.fetch(ctx, args));
    await pass(10);
    expect(upstream.runs).toBe(2);
    vi.mocked(Math.random).mockRestore();
  });

  test("a hit far from its expiry writes nothing", async () => {
    const { fetch, put, observer } = createFreshApp({ ttl: HOUR, refreshAhead: true });
    await put("stored");
    observer.reset();
    for (let read = 0; read < 20; read++) await fetch();
    expect(observer.counts).toMatchObject({ queries: 20, mutations: 0 });
  });
});

describe("live entries", () => {
  test("peek shows the lease of the fill between the old value and the new", async () => {
    const { t, cache, put, pass, peek, upstream } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    upstream.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return "new";
    };
    await put("old");
    expect(await peek()).toEqual({
      value: "old",
      createdAt: START,
      expiresAt: START + MINUTE,
      staleUntil: START + MINUTE + HOUR,
      fillingUntil: null,
      readAt: null,
    });
    await t.mutation((ctx) => cache.refresh(ctx, args));
    await pass(SECOND);
    const filling = await peek();
    expect(filling).toMatchObject({ value: "old" });
    expect(filling?.fillingUntil).toBeGreaterThan(Date.now());
    await pass(10 * SECOND);
    expect(await peek()).toMatchObject({ value: "new", fillingUntil: null });
  });

  test("freshness tells of a peeked entry to the millisecond", () => {
    const entry = { expiresAt: 100, staleUntil: 200 };
    expect([99, 100, 199, 200].map((now) => freshness(entry, now))).toEqual([
      "fresh",
      "stale",
      "stale",
      "expired",
    ]);
    expect(freshness({ expiresAt: null, staleUntil: null }, Infinity)).toBe("fresh");
    expect(freshness({ expiresAt: 100, staleUntil: null }, 1e15)).toBe("stale");
  });
});

describe("a queue slower than a lease", () => {
  test("a refresh that waits long for its turn is run all the same, once", async () => {
    const { fetch, put, at, pass, inComponent, upstream } = createFreshApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await put("old");
    at(MINUTE);
    const scheduled = () =>
      inComponent((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    await fetch();
    const [first] = await scheduled();
    // The run is held up: it is taken off, and started again much later.
    await inComponent((ctx) => ctx.scheduler.cancel(first!._id));
    at(2 * MINUTE);
    await fetch();
    const [, second] = await scheduled();
    expect((second!.args[0] as { token: string }).token).toBe(
      (first!.args[0] as { token: string }).token,
    );
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    expect((await fetch()).status).toBe("hit");
  });
});
