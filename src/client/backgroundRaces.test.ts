import { describe, expect, test, vi } from "vitest";
import { runScheduled } from "./scheduled.js";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 1_000_000;

virtualTime(START);

const args = { place: "Berlin" };

type Config = Parameters<ReturnType<typeof createApp>["cache"]>[0];

/** An app whose action takes `fillMs` and tells its number. */
function createRacingApp(config: Config = {}, fillMs = 5 * SECOND) {
  const app = createApp();
  const cache = app.cache(config);
  app.upstream.answer = async (_, run) => {
    await new Promise((resolve) => setTimeout(resolve, fillMs));
    return `run ${run}`;
  };
  return {
    ...app,
    cache,
    fetch: (options = {}) => app.act((ctx) => cache.fetch(ctx, args, options)),
    forceInMutation: () => app.t.mutation((ctx) => cache.fetch(ctx, args, { force: true })),
    refresh: () => app.t.mutation((ctx) => cache.refresh(ctx, args)),
    put: (value: string) => app.t.mutation((ctx) => cache.put(ctx, args, value)),
    expire: () => app.t.mutation((ctx) => cache.expire(ctx, args)),
    clear: () => app.t.mutation((ctx) => cache.removeAllForName(ctx)),
    peek: () => app.t.query((ctx) => cache.peek(ctx, args)),
    purge: () => app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {})),
    /** Loses what is scheduled, as a deployment that restarts may. */
    loseScheduled: () =>
      app.inComponent(async (ctx) => {
        for (const job of await ctx.db.system.query("_scheduled_functions").collect()) {
          if (job.state.kind === "pending") await ctx.scheduler.cancel(job._id);
        }
      }),
  };
}

describe("between scheduling and beginning (guarantee 1)", () => {
  test("a value that is put gives way to the fill, which begins later", async () => {
    const { refresh, put, pass, peek } = createRacingApp();
    await refresh();
    await put("put");
    await pass(10 * SECOND);
    expect((await peek())?.value).toBe("run 1");
  });

  test("an expiry does not make the fill's value stale", async () => {
    const { refresh, put, expire, pass, peek } = createRacingApp({ ttl: HOUR });
    await put("old");
    await refresh();
    await expire();
    const before = Date.now();
    await pass(10 * SECOND);
    const entry = await peek();
    expect(entry?.value).toBe("run 1");
    expect(entry?.expiresAt).toBeGreaterThanOrEqual(before + HOUR);
  });

  test("a clear voids the fill, and its action does not run", async () => {
    const { refresh, clear, pass, upstream, peek } = createRacingApp();
    await refresh();
    await clear();
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(0);
    expect(await peek()).toBeNull();
  });

  test("a clear in the transaction that schedules it is earlier, whichever came first", async () => {
    const { t, cache, pass, peek } = createRacingApp();
    await t.mutation(async (ctx) => {
      await cache.refresh(ctx, args);
      await cache.removeAllForName(ctx);
    });
    await pass(10 * SECOND);
    expect((await peek())?.value).toBe("run 1");
  });
});

describe("while a background fill runs (guarantee 1)", () => {
  test("a value that is put stays", async () => {
    const { refresh, put, pass, peek, upstream } = createRacingApp();
    await refresh();
    await pass(SECOND);
    await put("put");
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(1);
    expect((await peek())?.value).toBe("put");
  });

  test("a clear keeps its value out, and nobody who comes after waits for it", async () => {
    const { refresh, clear, fetch, pass, peek, upstream } = createRacingApp();
    await refresh();
    await pass(SECOND);
    await clear();
    expect(await peek()).toBeNull();
    const late = fetch();
    await pass(SECOND);
    expect(upstream.runs).toBe(2);
    await pass(20 * SECOND);
    expect(await late).toBe("run 2");
    expect(upstream.runs).toBe(2);
    expect((await peek())?.value).toBe("run 2");
  });

  test("a clear keeps its value out where nobody asks in between", async () => {
    const { refresh, clear, pass, upstream, stored } = createRacingApp();
    await refresh();
    await pass(SECOND);
    await clear();
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(1);
    expect((await stored()).values).toEqual([]);
  });

  test("a second expiry does not move the first", async () => {
    const { put, refresh, expire, pass, peek } = createRacingApp({ ttl: HOUR });
    await put("old");
    await refresh();
    await pass(SECOND);
    const expiredAt = Date.now();
    await expire();
    await pass(SECOND);
    await expire();
    await pass(10 * SECOND);
    expect(await peek()).toMatchObject({ value: "run 1", expiresAt: expiredAt });
  });

  test("those who find nothing stored wait for it, and share its value", async () => {
    const { refresh, fetch, pass, upstream } = createRacingApp({}, 40 * SECOND);
    await refresh();
    await pass(30 * SECOND);
    const waiting = Promise.all([fetch(), fetch()]);
    await pass(20 * SECOND);
    expect(await waiting).toEqual(["run 1", "run 1"]);
    expect(upstream.runs).toBe(1);
  });

  test("the purge leaves its lease alone, however long it takes", async () => {
    const { refresh, pass, purge, peek, upstream } = createRacingApp({}, 10 * MINUTE);
    await refresh();
    await pass(5 * MINUTE);
    await purge();
    await refresh();
    await pass(6 * MINUTE);
    expect(upstream.runs).toBe(1);
    expect((await peek())?.value).toBe("run 1");
  });
});

describe("a forced refresh from a mutation (guarantee 1)", () => {
  test("takes the lease from a foreground fill, whose waiters follow it", async () => {
    const { fetch, forceInMutation, pass, peek, upstream } = createRacingApp();
    const first = fetch();
    await pass(100);
    const waiting = fetch();
    await pass(100);
    await forceInMutation();
    await pass(20 * SECOND);
    expect(await Promise.all([first, waiting])).toEqual(["run 1", "run 2"]);
    expect((await peek())?.value).toBe("run 2");
    expect(upstream.runs).toBe(2);
  });

  test("that is lost leaves nobody waiting, and one of those who wait fills", async () => {
    const { fetch, forceInMutation, loseScheduled, pass, upstream, peek } = createRacingApp();
    const first = fetch();
    await pass(100);
    const waiting = [fetch(), fetch()];
    await pass(100);
    await forceInMutation();
    await loseScheduled();
    await pass(40 * SECOND);
    expect(await first).toBe("run 1");
    expect(await Promise.all(waiting)).toEqual(["run 2", "run 2"]);
    expect(upstream.runs).toBe(2);
    expect((await peek())?.value).toBe("run 2");
  });

  test("begins once, though its function is called again", async () => {
    const app = createRacingApp({ refresher: undefined }, SECOND);
    await app.refresh();
    const [fill] = (await app.stored()).fills;
    await app.pass(100);
    await app.act((ctx) => app.cache.runScheduled(ctx, [{ token: fill!._id, args }], runScheduled));
    await app.pass(5 * SECOND);
    expect(app.upstream.runs).toBe(1);
  });
});

describe("what the reader saw", () => {
  test("a refresh that can't be scheduled costs the reader nothing", async () => {
    const { fetch, put, observer } = createRacingApp({ ttl: MINUTE, staleWhileRevalidate: HOUR });
    await put("old");
    vi.setSystemTime(START + MINUTE);
    observer.failCall = (address) => {
      if (address.endsWith("fills/schedule")) throw new Error("down");
    };
    expect(await fetch()).toBe("old");
  });

  test("a fill that was cleared is no longer shown as one that runs", async () => {
    const { refresh, clear, put, pass, peek } = createRacingApp();
    await refresh();
    await pass(SECOND);
    await clear();
    await put("put");
    expect(await peek()).toMatchObject({ value: "put", fillingUntil: null });
  });

  test("no refresh is scheduled for an entry that was replaced meanwhile", async () => {
    const { act, cache, put, t, pass, upstream } = createRacingApp({
      ttl: MINUTE,
      staleWhileRevalidate: HOUR,
    });
    await put("old");
    vi.setSystemTime(START + MINUTE);
    const read = act((ctx) => {
      const runMutation = async (reference: never, request: never) => {
        await t.mutation((inner) => cache.put(inner, args, "new"));
        return await ctx.runMutation(reference, request);
      };
      return cache.fetch({ ...ctx, runMutation: runMutation as never }, args);
    });
    expect(await read).toBe("old");
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(0);
  });

  test("a value that was stored between lookup and claim is used, if it is fresh", async () => {
    for (const [ttl, value, runs] of [
      [HOUR, "new", 0],
      [0, "run 1", 1],
    ] as const) {
      const { act, cache, t, pass, upstream } = createRacingApp({}, SECOND);
      let once = true;
      const fetching = act((ctx) => {
        const runMutation = async (reference: never, request: never) => {
          if (once) {
            once = false;
            await t.mutation((inner) => cache.put(inner, args, "new", { ttl }));
          }
          return await ctx.runMutation(reference, request);
        };
        return cache.fetch({ ...ctx, runMutation: runMutation as never }, args);
      });
      await pass(5 * SECOND);
      expect(await fetching).toBe(value);
      expect(upstream.runs).toBe(runs);
    }
  });
});
