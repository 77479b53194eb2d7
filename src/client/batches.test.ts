/** What the fetches of one tick share, and what one of them can't do to the others. */
import { ConvexError, getConvexSize, type Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import type { ActionContext } from "./contexts.js";
import { createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 1_000_000;

virtualTime(START, { quietly: true });

/** Arguments that Convex refuses, each for a reason of its own. */
const REFUSED: [string, Record<string, never>][] = (
  [
    ["half of an emoji", { text: "tacos 🌮".slice(0, -1) }],
    ["a field that starts with $", { $text: "tacos" }],
    ["a field that is not ASCII", { tëxt: "tacos" }],
    ["an integer over 64 bits", { n: 2n ** 63n }],
    ["a Date", { at: new Date(0) }],
    ["a Map", { map: new Map() }],
    ["an array of 8,193", { list: new Array(8193).fill(0) }],
    ["65 levels", { deep: JSON.parse("[".repeat(65) + "]".repeat(65)) as unknown }],
  ] as [string, Record<string, unknown>][]
).map(([name, args]) => [name, args as Record<string, never>]);

describe("one request that Convex refuses costs the others nothing (guarantee 7)", () => {
  test.each(REFUSED)("%s among fifty stored keys", async (_, refused) => {
    const { act, cache, t, observer, upstream } = createApp();
    const texts = cache();
    const stored = Array.from({ length: 50 }, (_, n) => ({ text: `taco ${n}` }));
    for (const args of stored) await t.mutation((ctx) => texts.put(ctx, args, args.text));
    const calls: unknown[] = [];
    const outcomes = await act((ctx) => {
      const runAction = ((_: unknown, args: unknown) => {
        calls.push(args);
        return Promise.reject(new TypeError("refused by Convex"));
      }) as never;
      const fetches = [...stored.slice(0, 25), refused, ...stored.slice(25)];
      const watched = { ...ctx, runAction };
      return Promise.all(
        fetches.map((args) => texts.fetch(watched, args).catch((error: Error) => error.message)),
      );
    });
    expect(outcomes.filter((value) => String(value).startsWith("taco"))).toHaveLength(50);
    expect(outcomes[25]).toBe("refused by Convex");
    expect(calls).toEqual([refused]);
    expect(upstream.runs).toBe(0);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 0 });
  });

  test("a key function that cuts an emoji in half, for one of them", async () => {
    const { act, cache, upstream, observer } = createApp();
    const texts = cache({ key: ({ text }) => String(text).slice(0, 5) });
    await act((ctx) => Promise.all(["fish1", "fish2"].map((text) => texts.fetch(ctx, { text }))));
    observer.reset();
    const all = ["fish1", "taco🌮", "fish2"];
    await act((ctx) => Promise.all(all.map((text) => texts.fetch(ctx, { text }))));
    expect(upstream.runs).toBe(3);
    expect(observer.counts).toMatchObject({ queries: 1, actions: 1 });
  });

  test("in put, refresh, remove and peek, it is refused there and then", async () => {
    const { act, cache, stored } = createApp();
    const texts = cache();
    const args = { text: "🌮".slice(0, 1) };
    await act(async (ctx) => {
      await expect(texts.put(ctx, args, 1)).rejects.toThrow(/surrogate/);
      await expect(texts.refresh(ctx, args)).rejects.toThrow(/surrogate/);
      await expect(texts.remove(ctx, args)).rejects.toThrow(/surrogate/);
      await expect(texts.expire(ctx, args)).rejects.toThrow(/surrogate/);
      await expect(texts.peek(ctx, args)).rejects.toThrow(/surrogate/);
    });
    expect(await stored()).toMatchObject({ values: [], fills: [] });
  });
});

describe("a call that fails is made again request by request (guarantee 7)", () => {
  type Kind = "runQuery" | "runMutation";

  /** A context whose calls of one kind fail if a request of the cache named "broken" is among them. */
  function spoilable(ctx: ActionContext, kind: Kind, isSpoilt: () => boolean = () => true) {
    const sizes: number[] = [];
    const call = ctx[kind] as unknown as (reference: never, args: object) => Promise<unknown>;
    const spoilt = (reference: never, args: { requests?: { name: string }[] }) => {
      const { requests = [] } = args;
      if (!isSpoilt() || !requests.some(({ name }) => name === "broken")) {
        return call(reference, args);
      }
      sizes.push(requests.length);
      return Promise.reject(new Error("too slow to read"));
    };
    return { ctx: { ...ctx, [kind]: spoilt } as ActionContext, sizes };
  }

  test.each(["runQuery", "runMutation"] as const)("of %s", async (kind) => {
    const app = createApp();
    const good = app.cache({ name: "good" });
    const broken = app.cache({ name: "broken" });
    const sizes = await app.act(async (ctx) => {
      const spoilt = spoilable(ctx, kind);
      const fetches = [1, 2, 3].map((n) => good.fetch(spoilt.ctx, { n }));
      expect(await Promise.all([...fetches, broken.fetch(spoilt.ctx, {})])).toHaveLength(4);
      return spoilt.sizes;
    });
    expect(sizes).toEqual([4, 1]);
    await app.act((ctx) => Promise.all([1, 2, 3].map((n) => good.fetch(ctx, { n }))));
    expect(app.upstream.runs).toBe(4);
  });

  test("to refresh stale entries", async () => {
    const app = createApp();
    const config = { ttl: MINUTE, staleWhileRevalidate: HOUR };
    const good = app.cache({ name: "good", ...config });
    const broken = app.cache({ name: "broken", ...config });
    for (const cache of [good, broken]) await app.t.mutation((ctx) => cache.put(ctx, {}, "old"));
    vi.setSystemTime(START + 2 * MINUTE);
    await app.act((ctx) => {
      const spoilt = spoilable(ctx, "runMutation");
      return Promise.all([good.fetch(spoilt.ctx, {}), broken.fetch(spoilt.ctx, {})]);
    });
    await app.pass(SECOND);
    expect(app.upstream.runs).toBe(1);
    expect((await app.t.query((ctx) => good.peek(ctx, {})))?.value).toBe(1);
  });

  test("to poll fills that run elsewhere", async () => {
    const app = createApp();
    app.slowly(3 * SECOND);
    const good = app.cache({ name: "good" });
    const broken = app.cache({ name: "broken" });
    const filling = app.act((ctx) => Promise.all([good.fetch(ctx, {}), broken.fetch(ctx, {})]));
    await app.pass(100);
    const values: unknown[] = [];
    let polling = false;
    void app.act((ctx) => {
      const spoilt = spoilable(ctx, "runQuery", () => polling);
      const waiting = [good, broken].map((cache) => cache.fetch(spoilt.ctx, {}));
      for (const each of waiting) void each.then((value) => values.push(value));
      return Promise.all(waiting);
    });
    await app.pass(50);
    polling = true;
    await app.pass(8 * SECOND);
    await filling;
    expect(values).toHaveLength(1);
    await app.pass(30 * SECOND);
    expect(values).toHaveLength(2);
    expect(app.upstream.runs).toBe(3);
  });
});

describe("equal fetches of one tick", () => {
  test("are one claim and one run, and each gets a value of its own", async () => {
    const { act, cache, upstream, observer } = createApp();
    upstream.answer = () => ({ list: [1] });
    const places = cache();
    await act(async (ctx) => {
      const values = (await Promise.all([1, 2, 3].map(() => places.fetch(ctx, { a: 1 })))) as {
        list: number[];
      }[];
      values[0]!.list.push(2);
      expect(values.slice(1)).toEqual([{ list: [1] }, { list: [1] }]);
      values[1]!.list.push(3);
      expect(values[2]).toEqual({ list: [1] });
    });
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 2, actions: 1 });
    expect(upstream.runs).toBe(1);
  });

  test("of caches of one name with different options each go by their own", async () => {
    const { act, cache, upstream } = createApp();
    upstream.answer = () => Promise.reject(new ConvexError("down"));
    const remembering = cache({ errorTtl: HOUR });
    const forgetting = cache();
    await expect(act((ctx) => remembering.fetch(ctx, {}))).rejects.toMatchObject({ data: "down" });
    upstream.answer = () => "recovered";
    for (const order of [
      [remembering, forgetting],
      [forgetting, remembering],
    ]) {
      await act((ctx) => forgetting.remove(ctx, {}));
      upstream.answer = () => Promise.reject(new ConvexError("down"));
      await act((ctx) => remembering.fetch(ctx, {}).catch(() => {}));
      upstream.answer = () => "recovered";
      const outcomes = await act((ctx) =>
        Promise.all(order.map((each) => each.fetch(ctx, {}).catch(() => "remembered"))),
      );
      expect(outcomes[order.indexOf(forgetting)]).toBe("recovered");
      expect(outcomes[order.indexOf(remembering)]).toBe("remembered");
    }
  });

  test("that are forced share a run; if another force voids it, neither gets an older value", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.t.mutation((ctx) => cache.put(ctx, {}, "old"));
    app.slowly(5 * SECOND);
    const both = app.act((ctx) =>
      Promise.all([1, 2].map(() => cache.fetch(ctx, {}, { force: true }))),
    );
    await app.pass(SECOND);
    const third = app.act((ctx) => cache.fetch(ctx, {}, { force: true }));
    await app.pass(20 * SECOND);
    expect(await both).toEqual([1, 2]);
    expect(await third).toBe(2);
    expect(app.upstream.runs).toBe(2);
  });
});

test("two large entries that came between lookup and claim cost the tick's other claims nothing", async () => {
  const app = createApp();
  const cache = app.cache();
  const large = "x".repeat(3_000_000);
  let once = true;
  const lengths = await app.act(async (ctx) => {
    const runMutation = (async (reference: never, args: never) => {
      if (once) {
        once = false;
        for (const n of [1, 2, 3]) await app.t.mutation((inner) => cache.put(inner, { n }, large));
      }
      const result = await (ctx.runMutation as unknown as (...call: never[]) => Promise<Value>)(
        reference,
        args,
      );
      expect(getConvexSize(result)).toBeLessThan(4.1 * 1024 * 1024);
      return result;
    }) as never;
    const watched = { ...ctx, runMutation };
    const values = await Promise.all([0, 1, 2, 3, 4].map((n) => cache.fetch(watched, { n })));
    return values.map((value) => (typeof value === "string" ? value.length : 0));
  });
  expect(lengths).toEqual([0, 3_000_000, 3_000_000, 3_000_000, 0]);
  expect(app.upstream.runs).toBe(2);
});
