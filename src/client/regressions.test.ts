/** Faults that were found, each with the interleaving or input that showed it. */
import { ConvexError } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { heartbeat } from "../shared/engine/heartbeat.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

const args = { place: "Berlin" };

function createFaultyApp(config: Parameters<ReturnType<typeof createApp>["cache"]>[0] = {}) {
  const app = createApp();
  const cache = app.cache(config);
  return {
    ...app,
    cache,
    slowly: (ms: number) => {
      app.upstream.answer = async (_, run) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return run;
      };
    },
    fetch: (options = {}) => app.act((ctx) => cache.fetch(ctx, args, options)),
  };
}

describe("leases", () => {
  test("a fill that ends during a heartbeat is not held up by one that began since", async () => {
    let beat = () => {};
    const during = heartbeat((tokens) => new Promise((resolve) => (beat = () => resolve(tokens))));
    let endFirst = () => {};
    let ended = false;
    const first = during("first", () => new Promise<void>((end) => (endFirst = end)));
    void first.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(6 * SECOND);
    endFirst();
    await vi.advanceTimersByTimeAsync(0);
    void during("second", () => new Promise<void>(() => {}));
    beat();
    await vi.advanceTimersByTimeAsync(SECOND);
    expect(ended).toBe(true);
  });
});

describe("waiting", () => {
  test("forced refreshes that keep coming leave nobody waiting without end", async () => {
    const { fetch, pass, slowly } = createFaultyApp();
    slowly(10 * SECOND);
    void fetch();
    await pass(100);
    let answered = false;
    void fetch().then(() => (answered = true));
    for (let refresh = 0; refresh < 12; refresh++) {
      await pass(5 * SECOND);
      void fetch({ force: true });
    }
    expect(answered).toBe(true);
  });

  test("a poll that fails once sets nobody off", async () => {
    const { fetch, pass, slowly, observer, upstream } = createFaultyApp();
    slowly(10 * SECOND);
    const fetches = [fetch()];
    await pass(100);
    fetches.push(fetch(), fetch());
    await pass(1);
    observer.failCall = (address) => {
      if (address.endsWith("entries/read")) throw new Error("once");
    };
    await pass(300);
    observer.failCall = () => {};
    await pass(30 * SECOND);
    await Promise.all(fetches);
    expect(upstream.runs).toBe(1);
  });
});

describe("pages", () => {
  test("a large value is looked up together with small ones behind it", async () => {
    vi.useRealTimers();
    const { act, cache, t, events } = createFaultyApp();
    await t.mutation((ctx) => cache.put(ctx, { n: 0 }, "x".repeat(3.9 * MIB)));
    for (let n = 1; n < 6; n++) {
      await t.mutation((ctx) => cache.put(ctx, { n }, "y".repeat(900_000)));
    }
    await act(async (ctx) => {
      await Promise.all([0, 1, 2, 3, 4, 5].map((n) => cache.fetch(ctx, { n })));
      return null;
    });
    expect(events.map(({ get }) => get)).toEqual(Array(6).fill("hit"));
  });
});

describe("one caller's nonsense is not another's", () => {
  test("a key that is no Convex value spoils no other lookup of the tick", async () => {
    const { t, act, cache } = createFaultyApp();
    const good = cache;
    const bad = createApp().cache({ name: "bad", key: (() => undefined) as never });
    await t.mutation((ctx) => good.put(ctx, args, "stored"));
    const fetched = act((ctx) => Promise.all([bad.fetch(ctx, args), good.fetch(ctx, args)]));
    expect((await fetched)[1]).toBe("stored");
  });

  test("keys that are no Convex values are not all one key", async () => {
    const key = (({ at }: { at: number }) => new Date(at)) as never;
    const { act, cache } = createFaultyApp({ key });
    await act((ctx) => cache.fetch(ctx, { at: 1 }));
    expect(await act((ctx) => cache.fetch(ctx, { at: 2 }))).toBe(2);
  });

  test("two callers of one tick can each change what they got", async () => {
    const { act, cache, upstream } = createFaultyApp();
    upstream.answer = () => ({ places: [] });
    const shared = await act(async (ctx) => {
      const fetchTwice = () => Promise.all([1, 2].map(() => cache.fetch(ctx, args)));
      const filled = await fetchTwice();
      const hits = await fetchTwice();
      return [filled[0] === filled[1], hits[0] === hits[1]];
    });
    expect(shared).toEqual([false, false]);
  });
});

describe("freshness", () => {
  test("a failure that is remembered since the lookup is not repeated", async () => {
    const { act, cache, fetch, upstream } = createFaultyApp({ errorTtl: HOUR });
    upstream.answer = () => Promise.reject(new ConvexError("down"));
    let once = true;
    const late = act((ctx) => {
      const runMutation = async (reference: never, request: never) => {
        if (once) {
          once = false;
          await fetch().catch(() => {});
        }
        return await ctx.runMutation(reference, request);
      };
      return cache.fetch({ ...ctx, runMutation: runMutation as never }, args);
    });
    await expect(late).rejects.toMatchObject({ data: "down" });
    expect(upstream.runs).toBe(1);
  });

  test("a ttl function that returns nothing stores no entry without an end", async () => {
    const { fetch, stored } = createFaultyApp({ ttl: (() => undefined) as never });
    expect(await fetch()).toBe(1);
    const { values } = await stored();
    expect(values.filter(({ expiresAt }) => Number.isNaN(expiresAt))).toEqual([]);
  });

  test("what was stored fresh while the action failed is a hit, not stale", async () => {
    const { act, cache, t, upstream } = createFaultyApp({ ttl: MINUTE, staleIfError: HOUR });
    await t.mutation((ctx) => cache.put(ctx, args, "old"));
    vi.setSystemTime(START + MINUTE);
    upstream.answer = async () => {
      await t.mutation((ctx) => cache.put(ctx, args, "new"));
      throw new Error("down");
    };
    const entry = await act((ctx) => cache.fetchEntry(ctx, args));
    expect(entry).toMatchObject({ value: "new", status: "hit" });
  });

  test("an error whose data can't be carried reaches its caller as it was thrown", async () => {
    const { act, cache } = createFaultyApp();
    const thrown = new ConvexError({ when: new Date() } as never);
    const runAction = (() => Promise.reject(thrown)) as never;
    const caught = act((ctx) =>
      cache.fetch({ ...ctx, runAction }, args).catch((error: unknown) => error === thrown),
    );
    expect(await caught).toBe(true);
  });
});
