import { ConvexError } from "convex/values";
import { describe, expect, test } from "vitest";
import { componentsGeneric } from "convex/server";
import { compute, createApp } from "../testing/app.js";
import { advance, virtualTime } from "../testing/time.js";
import { SECOND } from "../shared/time.js";
import { ActionCache, type ComponentApi } from "./index.js";

virtualTime(1_000_000);

/** An app whose runs of the action end when the test says so. */
function createSlowApp() {
  const app = createApp();
  const ends: ((how: { value: string } | { error: Error }) => void)[] = [];
  app.upstream.answer = () =>
    new Promise((resolve, reject) => {
      ends.push((how) => ("value" in how ? resolve(how.value) : reject(how.error)));
    });
  const cache = app.cache();
  return {
    ...app,
    cache,
    end: (run: number, how: { value: string } | { error: Error }) => ends[run]!(how),
    fetch: (options: { force?: boolean } = {}) =>
      app.act((ctx) => cache.fetch(ctx, { text: "a" }, options)),
    /** A fetch whose context stops doing anything when the test says so. */
    fetchAndCrash() {
      let crashed = false;
      const fetching = app.act((ctx) => {
        const mortal = (call: (...args: never[]) => Promise<unknown>) =>
          ((...args: never[]) => (crashed ? new Promise(() => {}) : call(...args))) as never;
        return cache.fetch(
          {
            runQuery: mortal(ctx.runQuery as never),
            runMutation: mortal(ctx.runMutation as never),
            runAction: mortal(ctx.runAction as never),
          },
          { text: "a" },
        );
      });
      fetching.catch(() => {});
      return { crash: () => (crashed = true) };
    },
  };
}

describe("one fill at a time (guarantee 1)", () => {
  test("300 actions that miss one entry run the action once, and all get its value", async () => {
    const { fetch, upstream, end, pass } = createSlowApp();
    const values: unknown[] = [];
    for (let n = 0; n < 300; n++) void fetch().then((value) => values.push(value));
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    end(0, { value: "embedding" });
    await pass(10 * SECOND);
    expect(values).toEqual(new Array(300).fill("embedding"));
    expect(upstream.runs).toBe(1);
  });

  test("when the action throws, all who waited have its error, and the next caller succeeds", async () => {
    const { fetch, upstream, end, pass } = createSlowApp();
    const fetches = Promise.allSettled(Array.from({ length: 100 }, () => fetch()));
    await pass(SECOND);
    end(0, { error: new ConvexError({ quota: 5n }) });
    await pass(5 * SECOND);
    for (const outcome of await fetches) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { data: { quota: 5n } } });
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(ConvexError);
    }
    expect(upstream.runs).toBe(1);
    const next = fetch();
    await pass(1);
    end(1, { value: "recovered" });
    expect(await next).toBe("recovered");
  });

  test("an error that is no ConvexError keeps its message", async () => {
    const { fetch, end, pass } = createSlowApp();
    const [, waiting] = [fetch().catch(() => {}), fetch()];
    const outcome = expect(waiting).rejects.toThrow(/rate limited/);
    await pass(SECOND);
    end(0, { error: new Error("rate limited") });
    await pass(5 * SECOND);
    await outcome;
  });

  test("a fill that takes minutes keeps its lease", async () => {
    const { fetch, upstream, end, pass } = createSlowApp();
    const first = fetch();
    await pass(120 * SECOND);
    const second = fetch();
    await pass(120 * SECOND);
    expect(upstream.runs).toBe(1);
    end(0, { value: "slow" });
    await pass(5 * SECOND);
    expect(await Promise.all([first, second])).toEqual(["slow", "slow"]);
  });

  test("a crashed fill is taken over within 30 s, by one of those who wait", async () => {
    const { fetch, fetchAndCrash, upstream, end, pass } = createSlowApp();
    const { crash } = fetchAndCrash();
    await pass(8 * SECOND);
    const waiting = Promise.all(Array.from({ length: 20 }, () => fetch()));
    await pass(SECOND);
    crash();
    await pass(10 * SECOND);
    expect(upstream.runs).toBe(1);
    await pass(20 * SECOND);
    expect(upstream.runs).toBe(2);
    end(1, { value: "second" });
    await pass(5 * SECOND);
    expect(new Set(await waiting)).toEqual(new Set(["second"]));
    expect(upstream.runs).toBe(2);
  });

  test("a holder that lost its lease while alive keeps its value, and does not store it", async () => {
    const { act, cache, upstream, end, pass, events } = createSlowApp();
    const deaf = act((ctx) =>
      cache.fetch(
        {
          ...ctx,
          runMutation: ((reference: never, args: object) =>
            "tokens" in args
              ? Promise.reject(new Error("lost"))
              : ctx.runMutation(reference, args as never)) as never,
        },
        { text: "a" },
      ),
    );
    await pass(25 * SECOND);
    const successor = act((ctx) => cache.fetch(ctx, { text: "a" }));
    await pass(SECOND);
    expect(upstream.runs).toBe(2);
    end(1, { value: "new" });
    await pass(1);
    expect(await successor).toBe("new");
    end(0, { value: "old" });
    await pass(1);
    expect(await deaf).toBe("old");
    expect(events.at(-1)).toMatchObject({ get: "miss", put: "rejected" });
    expect(await act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe("new");
  });
});

describe("a fill that is seen running", () => {
  test("costs 20 callers of one missing entry at most 45 calls", async () => {
    const { act, cache, upstream, observer, end, pass } = createSlowApp();
    const fetches = [act((ctx) => cache.fetch(ctx, { text: "a" }))];
    await pass(1);
    for (let n = 1; n < 20; n++) fetches.push(act((ctx) => cache.fetch(ctx, { text: "a" })));
    await pass(50);
    end(0, { value: "embedding" });
    await pass(5 * SECOND);
    expect(new Set(await Promise.all(fetches))).toEqual(new Set(["embedding"]));
    expect(upstream.runs).toBe(1);
    // A claim and a settle; those who see the fill running wait without a claim.
    expect(observer.counts.mutations).toBe(2);
    expect(observer.calls).toBeLessThanOrEqual(45);
  });

  test.each(["removal", "clear"])(
    "is not waited for by who comes after a %s (guarantee 3)",
    async (how) => {
      const { act, cache, t, upstream, end, pass } = createSlowApp();
      const before = act((ctx) => cache.fetch(ctx, { text: "a" }));
      await pass(1);
      await t.mutation(async (ctx) => {
        if (how === "removal") await cache.remove(ctx, { text: "a" });
        else await cache.removeAllForName(ctx);
        return null;
      });
      const after = act((ctx) => cache.fetch(ctx, { text: "a" }));
      await pass(SECOND);
      expect(upstream.runs).toBe(2);
      end(1, { value: "new" });
      end(0, { value: "old" });
      await pass(5 * SECOND);
      expect(await Promise.all([before, after])).toEqual(["old", "new"]);
    },
  );

  test("whose holder crashed long ago is taken over at once (guarantee 1)", async () => {
    const { fetch, fetchAndCrash, upstream, end, pass } = createSlowApp();
    const { crash } = fetchAndCrash();
    await pass(SECOND);
    crash();
    await pass(60 * SECOND);
    const late = fetch();
    await pass(100);
    expect(upstream.runs).toBe(2);
    end(1, { value: "second" });
    await pass(1);
    expect(await late).toBe("second");
  });

  test("leaves a hit independent of it: a stored entry is looked up without the lease", async () => {
    const { act, cache, t, observer, pass } = createSlowApp();
    await t.mutation((ctx) => cache.put(ctx, { text: "a" }, "stored"));
    void act((ctx) => cache.fetch(ctx, { text: "a" }, { force: true }));
    await pass(1);
    observer.reset();
    expect(await act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe("stored");
    const read = observer.accesses.flatMap((access) =>
      access.kind === "range" ? [access.index] : access.kind === "get" ? [access.table] : [],
    );
    expect(read.filter((name) => name.startsWith("fills"))).toEqual([]);
  });
});

describe("order (guarantee 2)", () => {
  test("of forced refreshes that finish in reverse, the one that started last is stored", async () => {
    const { fetch, end, pass, events } = createSlowApp();
    const fetches = [];
    for (let run = 0; run < 5; run++) {
      fetches.push(fetch({ force: true }));
      await pass(10);
    }
    for (let run = 4; run >= 0; run--) {
      end(run, { value: `run ${run}` });
      await pass(10);
    }
    expect(await Promise.all(fetches)).toEqual([0, 1, 2, 3, 4].map((run) => `run ${run}`));
    expect(await fetch()).toBe("run 4");
    expect(events.map(({ put }) => put)).toEqual([
      "created",
      "rejected",
      "rejected",
      "rejected",
      "rejected",
      undefined,
    ]);
  });

  test("readers get the old value while a forced refresh runs", async () => {
    const { fetch, cache, t, end, pass } = createSlowApp();
    await t.mutation((ctx) => cache.put(ctx, { text: "a" }, "old"));
    const forced = fetch({ force: true });
    await pass(SECOND);
    expect(await fetch()).toBe("old");
    end(0, { value: "new" });
    await pass(1);
    expect(await forced).toBe("new");
    expect(await fetch()).toBe("new");
  });

  test("those who wait for a fill follow the forced refresh that takes its lease", async () => {
    const { fetch, end, pass, upstream } = createSlowApp();
    const first = fetch();
    await pass(10);
    const waiting = fetch();
    await pass(10);
    const forced = fetch({ force: true });
    await pass(10);
    end(0, { value: "old" });
    await pass(SECOND);
    end(1, { value: "new" });
    await pass(5 * SECOND);
    expect(await Promise.all([first, waiting, forced])).toEqual(["old", "new", "new"]);
    expect(upstream.runs).toBe(2);
  });

  test("a value that is put during a fill stays", async () => {
    const { fetch, cache, t, end, pass } = createSlowApp();
    const filling = fetch();
    await pass(10);
    await t.mutation((ctx) => cache.put(ctx, { text: "a" }, "put"));
    end(0, { value: "computed" });
    await pass(10);
    expect(await filling).toBe("computed");
    expect(await fetch()).toBe("put");
  });
});

describe("removal (guarantee 3)", () => {
  test("a value whose fill began before a removal is returned, and not stored", async () => {
    const { fetch, cache, t, end, pass, stored, events } = createSlowApp();
    const filling = fetch();
    await pass(10);
    expect(await t.mutation((ctx) => cache.remove(ctx, { text: "a" }))).toBe(false);
    end(0, { value: "old" });
    await pass(10);
    expect(await filling).toBe("old");
    expect(events).toMatchObject([{ get: "miss", put: "rejected" }]);
    expect((await stored()).values).toEqual([]);
  });

  test("nobody who comes after it waits for the old fill, and those who waited fill anew, once", async () => {
    const { fetch, cache, t, end, pass, upstream } = createSlowApp();
    const old = fetch();
    await pass(10);
    const waiting = [fetch(), fetch()];
    await pass(10);
    await t.mutation((ctx) => cache.remove(ctx, { text: "a" }));
    const late = fetch();
    await pass(SECOND);
    expect(upstream.runs).toBe(2);
    end(1, { value: "new" });
    await pass(5 * SECOND);
    expect(await Promise.all([...waiting, late])).toEqual(["new", "new", "new"]);
    end(0, { value: "old" });
    await pass(10);
    expect(await old).toBe("old");
    expect(await fetch()).toBe("new");
  });

  test("a mutation that rolls back removes nothing", async () => {
    const { fetch, cache, t, end, pass } = createSlowApp();
    const filling = fetch();
    await pass(10);
    await expect(
      t.mutation(async (ctx) => {
        await cache.remove(ctx, { text: "a" });
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    end(0, { value: "kept" });
    await pass(10);
    expect(await filling).toBe("kept");
    expect(await fetch()).toBe("kept");
  });

  test("whoever lost three fills while waiting runs the action itself", async () => {
    const { fetch, cache, t, end, pass, upstream } = createSlowApp();
    const fetches = [fetch()];
    await pass(10);
    const unlucky = fetch();
    for (let round = 0; round < 3; round++) {
      await pass(SECOND);
      await t.mutation((ctx) => cache.remove(ctx, { text: "a" }));
      fetches.push(fetch());
      await pass(10);
    }
    await pass(10 * SECOND);
    // One run for each fetch that found nothing running, and one by the unlucky caller.
    expect(upstream.runs).toBe(fetches.length + 1);
    for (let run = 0; run < upstream.runs; run++) end(run, { value: `run ${run}` });
    await pass(5 * SECOND);
    expect(await unlucky).toBe(`run ${upstream.runs - 1}`);
    await Promise.all(fetches);
  });
});

describe("what is not stored is not waited for in turn (guarantee 1)", () => {
  test("where shouldCache returns false, those who waited run the action side by side", async () => {
    const app = createApp();
    app.upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, SECOND));
      return run;
    };
    const cache = app.cache({ shouldCache: () => false });
    const began = Date.now();
    const fetches = Promise.all(
      Array.from({ length: 10 }, () => app.act((ctx) => cache.fetch(ctx, { text: "a" }))),
    );
    await advance(6 * SECOND, () => app.observer.operations);
    expect(new Set(await fetches).size).toBe(10);
    expect(app.upstream.runs).toBe(10);
    expect(Date.now() - began).toBeLessThan(7 * SECOND);
    expect((await app.stored()).values).toEqual([]);
    expect(app.events[0]).toMatchObject({ put: "skipped", reason: "shouldCache returned false" });
  });
});

describe("batching", () => {
  test("fetches of one tick share a lookup and a claim, and fill each entry once", async () => {
    const { act, cache, upstream, observer } = createApp();
    upstream.answer = ({ city }) => `weather of ${String(city)}`;
    const weather = cache();
    const cities = ["NYC", "LA", "NYC"];
    const values = await act((ctx) =>
      Promise.all(cities.map((city) => weather.fetch(ctx, { city }))),
    );
    expect(values).toEqual(cities.map((city) => `weather of ${city}`));
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 2, handles: 0 });
    observer.reset();
    await act((ctx) => Promise.all(cities.map((city) => weather.fetch(ctx, { city }))));
    expect(observer.calls).toBe(1);
    expect(observer.counts.documentsRead).toBe(2);
  });

  test("caches of any name share them, however their component was come by", async () => {
    const { act, observer } = createApp();
    const caches = ["weather", "geocoding"].map((name) => {
      const { actionCache } = componentsGeneric();
      return new ActionCache(actionCache as unknown as ComponentApi, { action: compute, name });
    });
    await act((ctx) => Promise.all(caches.map((each) => each.fetch(ctx, { city: "NYC" }))));
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 2 });
  });

  test("each caller of a batch gets its own value or error, arguments of more than 1 KB among them", async () => {
    const { act, cache, upstream } = createApp();
    upstream.answer = ({ text }) => {
      if (String(text).startsWith("bad")) throw new ConvexError(String(text).slice(0, 4));
      return String(text).slice(0, 4);
    };
    const embeddings = cache();
    const texts = ["one!", "bad1", `two?${"x".repeat(5000)}`, "bad2", "one!"];
    const outcomes = await act((ctx) =>
      Promise.all(
        texts.map((text) =>
          embeddings.fetch(ctx, { text }).catch((error: ConvexError<string>) => [error.data]),
        ),
      ),
    );
    expect(outcomes).toEqual(["one!", ["bad1"], "two?", ["bad2"], "one!"]);
    expect(upstream.runs).toBe(4);
  });

  test("a page moves 4 MiB at most, and is split by what is stored", async () => {
    const { act, cache, t, observer, upstream } = createApp();
    const values = Array.from({ length: 30 }, (_, n) =>
      String.fromCharCode(65 + n).repeat(900_000),
    );
    const pages = cache();
    for (const [n, value] of values.entries()) {
      await t.mutation((ctx) => pages.put(ctx, { n }, value));
    }
    const fetched = await act(async (ctx) => {
      const all = await Promise.all(values.map((_, n) => pages.fetch(ctx, { n })));
      return all.every((value, n) => value === values[n]);
    });
    expect(fetched).toBe(true);
    expect(upstream.runs).toBe(0);
    expect(observer.counts.queries).toBe(8);
  });

  test("two forced refreshes of one entry in one tick run the action once", async () => {
    const { act, cache, upstream } = createApp();
    const places = cache();
    const values = await act((ctx) =>
      Promise.all([1, 2].map(() => places.fetch(ctx, { a: 1 }, { force: true }))),
    );
    expect(values).toEqual([1, 1]);
    expect(upstream.runs).toBe(1);
  });

  test("nothing is shared beyond the tick", async () => {
    const { act, cache, observer } = createApp();
    const places = cache();
    await act(async (ctx) => {
      await places.fetch(ctx, { a: 1 });
      await places.remove(ctx, { a: 1 });
      return await places.fetch(ctx, { a: 1 });
    });
    expect(observer.counts.actions).toBe(2);
  });
});
