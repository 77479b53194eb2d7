/** Caches that compute inline, what they compute from, and values that are kept because nothing changed. */
import { ConvexError, type Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { component, createApp } from "../testing/app.js";
import { refreshApp } from "../testing/refreshers.js";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { ActionCache, type CacheOptions, invalidateTags, NOT_MODIFIED } from "./index.js";

const START = 1_000_000;
virtualTime(START, { quietly: true });

type Call = (...call: never[]) => Promise<unknown>;
type Args = { city?: string };
type Options = Partial<CacheOptions<Args, Value>>;

/** An app with a cache that computes inline, and what it was computed from. */
function computing(options: Options = {}) {
  const app = createApp();
  const previous: (Value | undefined)[] = [];
  const source = { answer: (run: number): Value | typeof NOT_MODIFIED | Promise<Value> => run };
  const cache = new ActionCache(component, {
    name: "inline",
    log: (event) => app.events.push(event),
    ...options,
    compute: async (_ctx, _args: Args, before): Promise<Value | typeof NOT_MODIFIED> => {
      previous.push(before);
      return await source.answer(previous.length);
    },
  });
  return { ...app, cache, previous, source, fetch: () => app.act((ctx) => cache.fetch(ctx, {})) };
}

describe("a cache that computes inline", () => {
  test("fills in the caller's own action: a miss is 3 calls, and a hit is one", async () => {
    const { act, cache, fetch, observer } = computing();
    expect(await fetch()).toBe(1);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 0, handles: 0 });
    expect(await fetch()).toBe(1);
    expect(observer.calls).toBe(4);
    expect((await act((ctx) => cache.fetchEntry(ctx, {}))).status).toBe("hit");
  });

  test("gives it the caller's context, and a copy of the arguments (guarantee 9)", async () => {
    const { act } = createApp();
    const asked: unknown[] = [];
    const contexts: unknown[] = [];
    const cache = new ActionCache(component, {
      name: "inline",
      compute: async (ctx, args: { list: number[] }) => {
        contexts.push(ctx);
        await Promise.resolve();
        asked.push([...args.list]);
        args.list.push(9);
        return args.list;
      },
    });
    await act(async (ctx) => {
      const args = { list: [1] };
      const fetching = cache.fetch(ctx, args);
      args.list.push(2);
      expect(await fetching).toEqual([1, 9]);
      expect(contexts).toEqual([ctx]);
      expect(contexts[0]).toBe(ctx);
      expect(await cache.fetch(ctx, { list: [1] })).toEqual([1, 9]);
    });
    expect(asked).toEqual([[1]]);
  });

  test("returns and stores the value as it is when it is returned (guarantee 9)", async () => {
    const { act, cache, source } = computing();
    const kept = { list: [1] };
    source.answer = () => kept;
    await act(async (ctx) => {
      const value = await cache.fetch(ctx, {});
      kept.list.push(2);
      expect(value).toEqual({ list: [1] });
      expect(await cache.fetch(ctx, {})).toEqual({ list: [1] });
    });
  });

  test("passes what it throws to all who wait (guarantee 1)", async () => {
    const { pass, fetch, source, previous } = computing();
    source.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, SECOND));
      throw new ConvexError("down");
    };
    const errors = [fetch(), fetch()].map((each) => each.catch((error: unknown) => error));
    await pass(5 * SECOND);
    for (const error of errors) expect(await error).toMatchObject({ data: "down" });
    expect(previous).toHaveLength(1);
  });

  test("returns a value that can't be stored, and says so (guarantee 7, guarantee 8)", async () => {
    const { act, cache, source, events } = computing();
    source.answer = () => new Date(0) as never;
    await act(async (ctx) => {
      expect(await cache.fetch(ctx, {})).toEqual(new Date(0));
    });
    expect(events).toMatchObject([{ get: "miss", put: "skipped" }]);
    expect(console.warn).toHaveBeenCalledOnce();
  });

  test("is one fill for twenty who ask at once, in at most 45 calls (guarantee 1)", async () => {
    const { pass, fetch, source, previous, observer } = computing();
    source.answer = async (run) => {
      await new Promise((resolve) => setTimeout(resolve, 80));
      return run;
    };
    const first = fetch();
    await pass(10);
    const all = [first, ...Array.from({ length: 19 }, fetch)];
    await pass(5 * SECOND);
    expect(new Set(await Promise.all(all))).toEqual(new Set([1]));
    expect(previous).toHaveLength(1);
    expect(observer.calls).toBeLessThanOrEqual(45);
  });

  test("goes on without the component (guarantee 7)", async () => {
    const { fetch, observer } = computing();
    observer.failCall = () => {
      throw new Error("not registered");
    };
    expect(await fetch()).toBe(1);
  });
});

describe("the previous value", () => {
  test("is there once the stored one is expired, and not with a miss or a force", async () => {
    const { act, cache, fetch, previous } = computing({ ttl: MINUTE });
    await fetch();
    await act((ctx) => cache.fetch(ctx, {}, { force: true }));
    vi.setSystemTime(START + MINUTE);
    expect(await fetch()).toBe(3);
    expect(previous).toEqual([undefined, undefined, 2]);
  });

  test.each([
    ["removed", (app: ReturnType<typeof computing>) => app.act((ctx) => app.cache.remove(ctx, {}))],
    [
      "invalidated by a tag",
      (app: ReturnType<typeof computing>) =>
        app.act((ctx) => invalidateTags(ctx, component, ["tag"])),
    ],
  ])(
    "is not handed over once it was %s, be it between lookup and claim (guarantee 3)",
    async (_, invalidate) => {
      const app = computing({ ttl: MINUTE, tags: () => ["tag"] });
      const { fetch, previous, observer } = app;
      await fetch();
      vi.setSystemTime(START + MINUTE);
      await invalidate(app);
      await fetch();

      vi.setSystemTime(START + 2 * MINUTE);
      let once = true;
      await app.act((ctx) => {
        const runMutation = async (reference: never, args: never) => {
          if (once) {
            once = false;
            await invalidate(app);
          }
          return await (ctx.runMutation as never as Call)(reference, args);
        };
        return app.cache.fetch({ ...ctx, runMutation: runMutation as never }, {});
      });
      expect(previous).toEqual([undefined, undefined, undefined]);
      expect(observer.counts.actions).toBe(0);
      expect(await fetch()).toBe(3);
    },
  );

  test("keeps what is computed from it out of the cache if it is invalidated meanwhile (guarantee 3)", async () => {
    const tags = { now: ["old"] };
    const app = computing({ ttl: MINUTE, tags: () => tags.now });
    await app.fetch();
    vi.setSystemTime(START + MINUTE);
    // The new value does not have the tag of the one that it is computed from.
    tags.now = ["new"];
    app.source.answer = async () => {
      await app.act((ctx) => invalidateTags(ctx, component, ["old"]));
      return "made from 1";
    };
    expect(await app.fetch()).toBe("made from 1");
    expect(app.events.at(-1)).toMatchObject({ put: "rejected" });
    expect(await app.act((ctx) => app.cache.peek(ctx, {}))).toBeNull();
  });

  test("can be changed without changing what is stored or returned (guarantee 9)", async () => {
    const { act } = createApp();
    const cache = new ActionCache(component, {
      name: "inline",
      ttl: MINUTE,
      compute: async (
        _ctx,
        _args: Record<string, never>,
        before,
      ): Promise<number[] | typeof NOT_MODIFIED> => {
        await Promise.resolve();
        before?.push(2);
        return before ? NOT_MODIFIED : [1];
      },
    });
    await act((ctx) => cache.fetch(ctx, {}));
    vi.setSystemTime(START + MINUTE);
    expect(await act((ctx) => cache.fetch(ctx, {}))).toEqual([1]);
    expect(await act((ctx) => cache.fetch(ctx, {}))).toEqual([1]);
  });
});

describe("a value that is not modified", () => {
  /** An app in which a value was stored a minute ago, and is not modified since. */
  async function expiredAndUnmodified(value: Value, options: Options = {}) {
    const app = computing({ ttl: MINUTE, tags: () => ["tag"], ...options });
    app.source.answer = () => value;
    await app.fetch();
    vi.setSystemTime(START + MINUTE);
    app.source.answer = () => NOT_MODIFIED;
    app.observer.reset();
    return app;
  }

  test("is returned, fresh from now, and keeps its tags", async () => {
    const { act, cache, fetch, events, previous } = await expiredAndUnmodified("value");
    expect(await fetch()).toBe("value");
    expect(events.at(-1)).toMatchObject({ get: "miss", put: "unmodified" });
    expect(await act((ctx) => cache.peek(ctx, {}))).toMatchObject({
      value: "value",
      createdAt: START + MINUTE,
      expiresAt: START + 2 * MINUTE,
    });
    vi.setSystemTime(START + 2 * MINUTE - 1);
    expect(await act((ctx) => cache.fetchEntry(ctx, {}))).toMatchObject({ status: "hit" });
    await act((ctx) => invalidateTags(ctx, component, ["tag"]));
    expect(await act((ctx) => cache.peek(ctx, {}))).toBeNull();
    expect(previous).toEqual([undefined, "value"]);
  });

  test("stays whole in all its tables", async () => {
    const { fetch, stored } = await expiredAndUnmodified("x".repeat(2_000_000));
    await fetch();
    const { values, metadata, tags, parts } = await stored();
    expect({ parts, rows: [values.length, metadata.length, tags.length] }).toEqual({
      parts: 2,
      rows: [1, 1, 1],
    });
    const [entry] = values;
    expect(metadata[0]).toMatchObject({ valueId: entry!._id, expiresAt: START + 2 * MINUTE });
    expect(tags[0]).toMatchObject({ valueId: entry!._id, startedAt: entry!.startedAt });
    expect(entry!.tagRows).toEqual([tags[0]!._id]);
  });

  test.each([
    ["3 MiB", 3 * 1024 ** 2, 2048],
    ["14 KB", 14 * 1024, 14 * 1024 + 1024],
  ])("of %s is not sent again, nor are its parts written again", async (_, size, most) => {
    const { act, cache, observer } = await expiredAndUnmodified("x".repeat(size));
    const sent: number[] = [];
    await act(async (ctx) => {
      const runMutation = (reference: never, args: object) => {
        sent.push(JSON.stringify(args).length);
        return (ctx.runMutation as never as Call)(reference, args as never);
      };
      expect(await cache.fetch({ ...ctx, runMutation: runMutation as never }, {})).toHaveLength(
        size,
      );
    });
    expect(sent).toHaveLength(2);
    expect(Math.max(...sent)).toBeLessThan(1024);
    // The fill's own row is written twice, too, by its claim and its end.
    expect(observer.counts.bytesWritten).toBeLessThan(most);
  });

  test("has the ttl that the ttl function gives it now", async () => {
    const app = await expiredAndUnmodified("value", {
      ttl: ({ value }) => (value === "value" ? HOUR : MINUTE),
    });
    vi.setSystemTime(START + HOUR);
    await app.fetch();
    const entry = await app.act((ctx) => app.cache.peek(ctx, {}));
    expect(entry?.expiresAt).toBe(START + 2 * HOUR);
  });

  test("is stored for ever where there is no ttl any more, and with an end where there was none", async () => {
    const { act, t } = createApp();
    const config = (ttl: number | null) => ({
      name: "inline",
      ttl,
      compute: (_ctx: object, _args: object, before?: string) =>
        Promise.resolve(before === undefined ? "value" : NOT_MODIFIED),
    });
    const caches = [null, MINUTE].map((ttl) => new ActionCache(component, config(ttl)));
    const [lasting, short] = caches as [(typeof caches)[0], (typeof caches)[0]];
    await act((ctx) => lasting.fetch(ctx, {}));
    await t.mutation((ctx) => lasting.expire(ctx, {}));
    await act((ctx) => short.fetch(ctx, {}));
    expect((await act((ctx) => short.peek(ctx, {})))?.expiresAt).toBe(START + MINUTE);
    vi.setSystemTime(START + MINUTE);
    await act((ctx) => lasting.fetch(ctx, {}));
    expect((await act((ctx) => lasting.peek(ctx, {})))?.expiresAt).toBeNull();
  });

  test("reaches those who wait for it (guarantee 1)", async () => {
    const app = await expiredAndUnmodified("value");
    app.source.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, SECOND));
      return NOT_MODIFIED as never;
    };
    const all = [app.fetch(), app.fetch()];
    await app.pass(5 * SECOND);
    expect(await Promise.all(all)).toEqual(["value", "value"]);
    expect(app.previous).toHaveLength(2);
    expect(app.events.slice(1)).toMatchObject([{ put: "unmodified" }, { get: "coalesced" }]);
  });

  test("is an error where there is no previous one", async () => {
    const { fetch, source, stored } = computing();
    source.answer = () => NOT_MODIFIED;
    await expect(fetch()).rejects.toMatchObject({ data: { code: "INVALID_RESULT" } });
    expect((await stored()).values).toEqual([]);
  });

  type App = Awaited<ReturnType<typeof expiredAndUnmodified>>;
  const races: [string, (app: App) => Promise<unknown>, Value | null][] = [
    ["removed", ({ act, cache }) => act((ctx) => cache.remove(ctx, {})), null],
    ["cleared", ({ act, cache }) => act((ctx) => cache.removeAllForName(ctx)), null],
    [
      "invalidated by its tag",
      ({ act }) => act((ctx) => invalidateTags(ctx, component, ["tag"])),
      null,
    ],
    ["replaced by a put", ({ act, cache }) => act((ctx) => cache.put(ctx, {}, "put")), "put"],
    [
      "replaced by a put that was removed",
      ({ act, cache }) =>
        act(async (ctx) => {
          await cache.put(ctx, {}, "put");
          await cache.remove(ctx, {});
        }),
      null,
    ],
  ];
  test.each(races)(
    "is its caller's alone if it was %s meanwhile (guarantee 2, guarantee 3, guarantee 7)",
    async (_, meanwhile, left) => {
      const app = await expiredAndUnmodified("value");
      app.source.answer = async () => {
        await meanwhile(app);
        return NOT_MODIFIED as never;
      };
      expect(await app.fetch()).toBe("value");
      expect(app.events.at(-1)).toMatchObject({ get: "miss", put: "rejected" });
      const entry = await app.act((ctx) => app.cache.peek(ctx, {}));
      expect(entry?.value ?? null).toBe(left);
    },
  );

  test("is stale at once if it was expired meanwhile (guarantee 3)", async () => {
    const app = await expiredAndUnmodified("value");
    app.source.answer = async () => {
      await app.act((ctx) => app.cache.expire(ctx, {}));
      return NOT_MODIFIED as never;
    };
    expect(await app.fetch()).toBe("value");
    expect((await app.act((ctx) => app.cache.peek(ctx, {})))?.expiresAt).toBe(START + MINUTE);
  });

  test("is invalid by what comes after the fill that found it so, and by nothing before (guarantee 3)", async () => {
    const app = await expiredAndUnmodified("value");
    // An expiry of the tag, which the refresh makes good.
    await app.act((ctx) => invalidateTags(ctx, component, ["tag"], { mode: "expire" }));
    await app.fetch();
    const fresh = await app.act((ctx) => app.cache.peek(ctx, {}));
    expect(fresh?.expiresAt).toBe(START + 2 * MINUTE);
    await app.act((ctx) => app.cache.removeAllForName(ctx));
    expect(await app.act((ctx) => app.cache.peek(ctx, {}))).toBeNull();
  });
});

describe("in the background", () => {
  test.each([
    ["staleWhileRevalidate", { staleWhileRevalidate: HOUR }],
    ["refreshAhead", { refreshAhead: true }],
  ])("%s needs a refresher", (_, options) => {
    expect(() => computing({ ttl: MINUTE, ...options })).toThrow(/REFRESHER_REQUIRED.*compute/);
  });

  test("refresh and a mutation's fetch need a refresher", async () => {
    const { t, cache } = computing();
    await expect(t.mutation((ctx) => cache.refresh(ctx, {}))).rejects.toThrow(/REFRESHER_REQUIRED/);
    await expect(t.mutation((ctx) => cache.fetch(ctx, {}))).rejects.toThrow(/REFRESHER_REQUIRED/);
  });

  /** An app whose cache refreshes in the background. */
  function refreshing(tags: string[] = []) {
    const previous: unknown[] = [];
    const source = { answer: (run: number): string | typeof NOT_MODIFIED => `run ${run}` };
    const app = refreshApp(
      (options) =>
        new ActionCache(component, {
          name: "inline",
          ttl: MINUTE,
          staleWhileRevalidate: HOUR,
          tags: () => tags,
          ...options,
          compute: (
            _ctx,
            _args: Record<string, never>,
            before,
          ): Promise<string | typeof NOT_MODIFIED> => {
            previous.push(before);
            return Promise.resolve(source.answer(previous.length));
          },
        }),
    );
    return { ...app, previous, source };
  }

  test("a refresh has the previous value, and may keep it", async () => {
    const { act, pass, cache, previous, source, events } = refreshing(["tag"]);
    await act((ctx) => cache.fetch(ctx, {}));
    vi.setSystemTime(START + MINUTE);
    source.answer = () => NOT_MODIFIED;
    expect(await act((ctx) => cache.fetch(ctx, {}))).toBe("run 1");
    await pass(SECOND);
    expect(previous).toEqual([undefined, "run 1"]);
    expect(events.at(-1)).toMatchObject({ get: "refresh", put: "unmodified" });
    expect((await act((ctx) => cache.peek(ctx, {})))?.expiresAt).toBe(START + 2 * MINUTE);
    vi.setSystemTime(START + 2 * MINUTE);
    source.answer = (run) => `run ${run}`;
    expect(await act((ctx) => cache.fetch(ctx, {}))).toBe("run 1");
    await pass(SECOND);
    expect(await act((ctx) => cache.fetch(ctx, {}))).toBe("run 3");
  });

  test("a refresh has no previous value that was invalidated before it began (guarantee 3)", async () => {
    const { act, pass, t, cache, previous } = refreshing(["tag"]);
    await act((ctx) => cache.fetch(ctx, {}));
    vi.setSystemTime(START + MINUTE);
    await t.mutation(async (ctx) => {
      await cache.refresh(ctx, {});
      await invalidateTags(ctx, component, ["tag"]);
    });
    await pass(SECOND);
    expect(previous).toEqual([undefined, undefined]);
  });

  test("a mutation's fetch only schedules, and the refresh computes", async () => {
    const { act, pass, t, cache, previous } = refreshing();
    expect(await t.mutation((ctx) => cache.fetch(ctx, {}))).toBeNull();
    expect(previous).toEqual([]);
    await pass(SECOND);
    expect(await t.mutation((ctx) => cache.fetch(ctx, {}))).toBe("run 1");
    expect((await act((ctx) => cache.peek(ctx, {})))?.value).toBe("run 1");
  });
});

describe("bad input", () => {
  const compute = () => Promise.resolve(1);
  const make = (config: object) => () => new ActionCache(component, config as never);

  test("is both or neither of action and compute, or compute without a name", () => {
    const action = "upstream:action";
    expect(make({ name: "a" })).toThrow(/ACTION_REQUIRED: action cache `a`: `action` is undefined/);
    expect(make({ name: "a", action, compute })).toThrow(/ACTION_AND_COMPUTE/);
    expect(make({ compute })).toThrow(/NAME_REQUIRED.*compute/);
    expect(make({ name: "", compute })).toThrow(/NAME_REQUIRED/);
  });
});
