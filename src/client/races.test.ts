/** Interleavings of a fill with what happens to its entry meanwhile. */
import { describe, expect, test, vi } from "vitest";
import { runScheduled } from "./scheduled.js";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { keepHouse } from "../testing/background.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { invalidateTags, removeAll } from "./index.js";

const START = 10 * HOUR;
const args = { place: "Berlin" };

virtualTime(START, { quietly: true });

function createRacingApp(
  config: Parameters<ReturnType<typeof createApp>["cache"]>[0] = {},
  fillMs = 5 * SECOND,
) {
  const app = createApp();
  const cache = app.cache(config);
  app.slowly(fillMs);
  return {
    ...app,
    cache,
    fetch: (options = {}) => app.act((ctx) => cache.fetch(ctx, args, options)),
    entry: (options = {}) => app.act((ctx) => cache.fetchEntry(ctx, args, options)),
    peek: () => app.t.query((ctx) => cache.peek(ctx, args)),
    put: (value: string, options = {}) =>
      app.t.mutation((ctx) => cache.put(ctx, args, value, options)),
    refresh: () => app.t.mutation((ctx) => cache.refresh(ctx, args)),
    expire: () => app.t.mutation((ctx) => cache.expire(ctx, args)),
    remove: () => app.t.mutation((ctx) => cache.remove(ctx, args)),
  };
}

describe("a value put while a fill runs", () => {
  test("keeps the fill's older value out, also when it was purged meanwhile (guarantee 2)", async () => {
    const app = createRacingApp({}, 30 * MINUTE);
    const filling = app.fetch();
    await app.pass(SECOND);
    await app.put("put", { ttl: SECOND });
    await app.pass(10 * MINUTE);
    await app.t.mutation(component.crons.purge, {});
    await app.pass(SECOND);
    expect((await app.stored()).values).toEqual([]);
    await app.pass(30 * MINUTE);
    expect(await filling).toBe(1);
    expect(app.events).toMatchObject([{ put: "rejected" }]);
    expect(await app.peek()).toBeNull();
  });

  test("is what those who wait for the fill are given", async () => {
    const app = createRacingApp();
    const filling = app.fetch();
    await app.pass(SECOND);
    const waiting = app.fetch();
    await app.pass(SECOND);
    await app.put("put");
    await app.pass(20 * SECOND);
    expect(await Promise.all([filling, waiting])).toEqual([1, "put"]);
    expect(app.upstream.runs).toBe(1);
  });
});

describe("a joiner in the fill's own context (guarantee 3)", () => {
  /** One context whose first fetch fills, and whose second joins it a second later. */
  function joinLater(app: ReturnType<typeof createRacingApp>) {
    return app.act(async (ctx) => {
      const first = app.cache.fetch(ctx, args);
      await new Promise((resolve) => setTimeout(resolve, 2 * SECOND));
      return await Promise.all([first, app.cache.fetch(ctx, args)]);
    });
  }

  test.each(["tag", "removal", "clear"])(
    "takes no value that a %s rejected before it came (guarantee 3)",
    async (how) => {
      const app = createRacingApp({ tags: () => ["place"] });
      const both = joinLater(app);
      await app.pass(SECOND);
      await app.t.mutation(async (ctx) => {
        if (how === "tag") await invalidateTags(ctx, component, ["place"]);
        if (how === "removal") await app.cache.remove(ctx, args);
        if (how === "clear") await app.cache.removeAllForName(ctx);
      });
      await app.pass(20 * SECOND);
      expect(await both).toEqual([1, 2]);
      expect(app.upstream.runs).toBe(2);
    },
  );

  test.each([
    ["tag", 0],
    ["tag", HOUR],
    ["expire", 0],
    ["expire", HOUR],
  ])("takes a value that %s made stale only within its window of %i ms", async (how, window) => {
    for (const where of ["here", "elsewhere"]) {
      const app = createApp();
      app.slowly(5 * SECOND);
      // Without a `refresher`, a cache with tags has no window of its own.
      const tags = window > 0 ? {} : { tags: () => ["place"] };
      if (how === "tag" && window > 0) continue;
      const cache = app.cache({ staleWhileRevalidate: window, ...tags });
      const here = app.act(async (ctx) => {
        const first = cache.fetch(ctx, args);
        if (where === "elsewhere") return [await first];
        await new Promise((resolve) => setTimeout(resolve, 2 * SECOND));
        return await Promise.all([first, cache.fetch(ctx, args)]);
      });
      await app.pass(SECOND);
      await app.t.mutation(async (ctx) => {
        if (how === "tag") await invalidateTags(ctx, component, ["place"], { mode: "expire" });
        else await cache.expire(ctx, args);
      });
      await app.pass(SECOND);
      const elsewhere =
        where === "elsewhere" ? app.act((ctx) => cache.fetch(ctx, args)) : undefined;
      await app.pass(20 * SECOND);
      const [first, second = await elsewhere] = await here;
      expect([first, second]).toEqual([1, window > 0 ? 1 : 2]);
    }
  });
});

describe("an entry that is expired more often than a fill takes", () => {
  test.each([0, HOUR])("is filled all the same, with a window of %i ms", async (window) => {
    const app = createRacingApp({ ttl: HOUR, staleWhileRevalidate: window });
    await app.put("old");
    const reads: Promise<unknown>[] = [];
    for (let n = 0; n < 10; n++) {
      await app.expire();
      reads.push(app.fetch());
      await app.pass(SECOND);
      await app.expire();
      await app.pass(SECOND);
    }
    await app.pass(30 * SECOND);
    const values = await Promise.all(reads);
    // Fills of five seconds, one after the other.
    expect(app.upstream.runs).toBeGreaterThanOrEqual(3);
    expect(app.upstream.runs).toBeLessThanOrEqual(10);
    expect((await app.peek())?.value).toBeGreaterThanOrEqual(3);
    if (window > 0) expect(values.slice(5)).not.toContain("old");
  });

  test("is stored as stale by the fill that ran meanwhile", async () => {
    const app = createRacingApp({ ttl: HOUR });
    const filling = app.fetch();
    await app.pass(SECOND);
    await app.expire();
    await app.pass(10 * SECOND);
    expect(await filling).toBe(1);
    expect(await app.peek()).toMatchObject({ value: 1, expiresAt: START + SECOND });
  });
});

describe("a refresh in the transaction of a removal or clear counts as later (guarantee 3)", () => {
  const invalidations = {
    removal: (ctx, cache) => cache.remove(ctx, args),
    "clear of the name": (ctx, cache) => cache.removeAllForName(ctx),
    "clear of everything": (ctx) => removeAll(ctx, component),
  } as Record<
    string,
    (
      ctx: Parameters<typeof removeAll>[0],
      cache: ReturnType<ReturnType<typeof createApp>["cache"]>,
    ) => Promise<unknown>
  >;
  const before = ["nothing", "a scheduled fill", "a lapsed scheduled fill", "a running fill"];
  const cases = Object.keys(invalidations).flatMap((how) =>
    before.flatMap((what) => [true, false].map((first) => [how, what, first] as const)),
  );

  test.each(cases)("a %s, where there was %s, the refresh first: %s", async (how, what, first) => {
    const app = createRacingApp();
    await app.put("old");
    if (what === "a running fill") void app.fetch({ force: true });
    if (what.endsWith("scheduled fill")) {
      // Scheduled by a mutation of before, and held up in the queue.
      vi.spyOn(globalThis, "setTimeout").mockImplementation((() => 0) as never);
      await app.refresh();
      vi.mocked(globalThis.setTimeout).mockRestore();
      if (what.startsWith("a lapsed")) vi.setSystemTime(Date.now() + MINUTE);
    }
    if (what === "a running fill") await app.pass(SECOND);
    await app.t.mutation(async (ctx) => {
      if (first) await app.cache.refresh(ctx, args);
      await invalidations[how]!(ctx, app.cache);
      if (!first) await app.cache.refresh(ctx, args);
    });
    expect(await app.peek()).toBeNull();
    // A fill that is held up in a queue for good is taken over by who needs it; here nobody is.
    await app.pass(30 * SECOND);
    if (what === "a scheduled fill" && first) {
      expect((await app.stored()).fills.some(({ state }) => state === "scheduled")).toBe(true);
      return;
    }
    expect((await app.peek())?.value).toBe(app.upstream.runs);
  });

  test.each(["put", "expire"] as const)(
    "a refresh after a %s, while a fill runs that began before it, is not lost",
    async (how) => {
      const app = createRacingApp({ ttl: HOUR });
      const filling = app.fetch();
      await app.pass(SECOND);
      if (how === "put") await app.put("put");
      else await app.expire();
      await app.refresh();
      await app.pass(30 * SECOND);
      expect(await filling).toBe(1);
      expect(await app.peek()).toMatchObject({ value: 2 });
      expect(app.upstream.runs).toBe(2);
    },
  );

  test.each(["fails", "stores nothing"])("though the fill that it relied on %s", async (how) => {
    const app = createRacingApp({ ...(how === "stores nothing" && { shouldCache: () => false }) });
    app.upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      if (how === "fails" && run === 1) throw new Error("down");
      return run;
    };
    const filling = app.fetch().catch(() => null);
    await app.pass(SECOND);
    await app.t.mutation(async (ctx) => {
      if (how === "fails") await app.cache.refresh(ctx, args);
      await app.cache.remove(ctx, args);
      return null;
    });
    await app.pass(30 * SECOND);
    await filling;
    expect(app.upstream.runs).toBe(how === "fails" ? 2 : 1);
  });

  test("a removal after the refresh's transaction voids it", async () => {
    const app = createRacingApp();
    const filling = app.fetch();
    await app.pass(SECOND);
    await app.refresh();
    await app.remove();
    await app.pass(30 * SECOND);
    expect(await filling).toBe(1);
    expect(await app.peek()).toBeNull();
    expect(app.upstream.runs).toBe(1);
  });
});

test("a lapsed fill that is scheduled again runs with the second caller's arguments, though larger", async () => {
  const app = createApp();
  const cache = app.cache({ key: () => "one" });
  const large = { text: "x".repeat(700_000) };
  vi.spyOn(globalThis, "setTimeout").mockImplementation((() => 0) as never);
  await app.t.mutation((ctx) => cache.refresh(ctx, { text: "small" }));
  vi.mocked(globalThis.setTimeout).mockRestore();
  vi.setSystemTime(START + MINUTE);
  await app.t.mutation((ctx) => cache.refresh(ctx, large));
  await app.pass(SECOND);
  expect(app.upstream.asked.map(({ text }) => String(text).length)).toEqual([700_000]);
  expect(await app.stored()).toMatchObject({ parts: 0 });
});

test("`before` spares a background fill that was scheduled before it and began after it", async () => {
  const app = createRacingApp();
  vi.spyOn(globalThis, "setTimeout").mockImplementation((() => 0) as never);
  await app.refresh();
  vi.mocked(globalThis.setTimeout).mockRestore();
  const scheduled = (await app.stored()).fills[0]!;
  vi.setSystemTime(START + 10 * SECOND);
  void app.act((ctx) =>
    app.cache.runScheduled(ctx, [{ token: scheduled._id, args }], runScheduled),
  );
  await app.pass(SECOND);
  await app.t.mutation((ctx) => removeAll(ctx, component, START + 5 * SECOND));
  await app.pass(10 * SECOND);
  expect((await app.peek())?.value).toBe(1);
  await app.t.mutation((ctx) => removeAll(ctx, component, Date.now()));
  expect(await app.peek()).toBeNull();
});

describe("a failure that is remembered", () => {
  test("is forgotten after a forced success whose value was not stored", async () => {
    const app = createApp();
    const cache = app.cache({ errorTtl: HOUR, shouldCache: ({ value }) => value !== "unwanted" });
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await expect(app.act((ctx) => cache.fetch(ctx, args))).rejects.toThrow("down");
    app.upstream.answer = () => "unwanted";
    await app.act((ctx) => cache.fetch(ctx, args, { force: true }));
    app.upstream.answer = () => "wanted";
    expect(await app.act((ctx) => cache.fetch(ctx, args))).toBe("wanted");
    expect((await app.stored()).failures).toEqual([]);
  });

  test("between a reader's lookup and its schedule keeps the refresh from running", async () => {
    const app = createApp();
    const config = { ttl: MINUTE, staleWhileRevalidate: HOUR, errorTtl: HOUR };
    const cache = app.cache(config);
    await app.t.mutation((ctx) => cache.put(ctx, args, "old"));
    vi.setSystemTime(START + 2 * MINUTE);
    app.upstream.answer = () => Promise.reject(new Error("down"));
    const value = await app.act((ctx) => {
      const runMutation = (async (reference: never, request: never) => {
        await app.act((inner) => cache.fetch(inner, args, { force: true }).catch(() => null));
        return await (ctx.runMutation as (...call: never[]) => unknown)(reference, request);
      }) as never;
      return cache.fetch({ ...ctx, runMutation }, args);
    });
    expect(value).toBe("old");
    await app.pass(SECOND);
    expect(app.upstream.runs).toBe(1);
  });

  test("and was forgotten since keeps no invalidation stored", async () => {
    const app = createApp();
    const cache = app.cache({ errorTtl: 365 * 24 * HOUR });
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await expect(app.act((ctx) => cache.fetch(ctx, args))).rejects.toThrow("down");
    await app.t.mutation((ctx) => cache.removeAllForName(ctx));
    await keepHouse(app);
    expect((await app.stored()).invalidations).toHaveLength(1);
    await app.t.mutation((ctx) => cache.put(ctx, args, "recovered"));
    await keepHouse(app);
    expect(await app.stored()).toMatchObject({ invalidations: [], failures: [] });
  });

  test("keeps no invalidation of a tag stored, which could not concern it", async () => {
    const app = createApp();
    const cache = app.cache({ errorTtl: 365 * 24 * HOUR });
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await expect(app.act((ctx) => cache.fetch(ctx, args))).rejects.toThrow("down");
    for (const tenant of [undefined, "acme"]) {
      await app.t.mutation((ctx) => invalidateTags(ctx, component, ["docs"], { tenant }));
    }
    await keepHouse(app);
    expect((await app.stored()).invalidations).toEqual([]);
  });

  test("has data of any size for its own caller, and the message alone for others over 256 KiB", async () => {
    const { ConvexError } = await import("convex/values");
    for (const [size, isShared] of [
      [200_000, true],
      [300_000, false],
    ] as const) {
      const app = createApp();
      const cache = app.cache({ errorTtl: HOUR });
      const data = { message: "too much", detail: "x".repeat(size) };
      app.upstream.answer = () => Promise.reject(new ConvexError(data));
      const fetch = () =>
        app.act((ctx) =>
          cache.fetch(ctx, args).then(
            () => null,
            (error: Error & { data?: typeof data }) => [error.message.slice(0, 8), !!error.data],
          ),
        );
      expect((await fetch())![1]).toBe(true);
      const others = await fetch();
      expect(others![1]).toBe(isShared);
      if (!isShared) expect(others![0]).toBe("too much");
      expect(app.upstream.runs).toBe(1);
    }
  });
});
