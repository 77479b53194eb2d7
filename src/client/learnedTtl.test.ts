/** A ttl that is learned from whether refreshes bring the same value. */
import type { Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { component, createApp } from "../testing/app.js";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { ActionCache, type ActionCacheConfig, invalidateTags, NOT_MODIFIED } from "./index.js";
import type { Compute } from "../testing/app.js";

const START = 1_000_000;
virtualTime(START, { quietly: true });

/** An app whose cache learns its ttl, and whose action returns what the test says. */
function learning(config: Partial<ActionCacheConfig<Compute>> = {}) {
  const app = createApp();
  const cache = app.cache({ ttl: { min: MINUTE, max: 4 * MINUTE }, ...config });
  const peek = () => app.act((ctx) => cache.peek(ctx, {}));
  /** Fetches a value, and returns for how long it is fresh, in ms. */
  const fetch = async (value: Value) => {
    app.upstream.answer = () => value;
    const { createdAt, expiresAt } = await app.act(async (ctx) => {
      const { value: _, ...times } = await cache.fetchEntry(ctx, {});
      return times;
    });
    return (expiresAt ?? Infinity) - createdAt;
  };
  /** Fetches values one after another, each when the one before has expired. */
  const fetchAll = async (values: Value[]) => {
    const lives: number[] = [];
    for (const value of values) {
      lives.push((await fetch(value)) / MINUTE);
      vi.setSystemTime(Math.ceil(Date.now() + lives.at(-1)! * MINUTE));
    }
    return lives;
  };
  return { ...app, cache, peek, fetch, fetchAll };
}

describe("a learned ttl", () => {
  test("starts at min, grows by it while the value is the same, and halves when it is another", async () => {
    const { fetchAll } = learning();
    expect(await fetchAll([1, 1, 1, 1, 1, 2, 2, 3, 4, 5])).toEqual([
      1, 2, 3, 4, 4, 2, 3, 1.5, 1, 1,
    ]);
  });

  test.each<[string, Value, Value]>([
    ["fields in another order", { a: 1, b: [2] }, { b: [2], a: 1 }],
    ["not a number", NaN, NaN],
    ["bytes", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
    ["large", "x".repeat(2_500_000), "x".repeat(2_500_000)],
    ["deep", deep(40), deep(40)],
  ])("takes values for the same that are equal for Convex: %s", async (_, first, second) => {
    const { fetchAll } = learning();
    expect(await fetchAll([first, second])).toEqual([1, 2]);
  });

  test.each<[string, Value, Value]>([
    ["a number and an integer", 1, 1n],
    ["a longer list", [1], [1, 2]],
    ["the end of a large one", "x".repeat(2_500_000), `${"x".repeat(2_499_999)}y`],
    ["a large one that is shorter", "x".repeat(2_500_000), "x".repeat(1_500_000)],
    ["a large one and a small one", "x".repeat(2_500_000), "x"],
    ["a small one and a large one", "x", "x".repeat(2_500_000)],
  ])("takes values for others that differ: %s", async (_, first, second) => {
    const { fetchAll } = learning();
    expect(await fetchAll([first, first, first, second])).toEqual([1, 2, 3, 1.5]);
  });

  test("stores nothing more", async () => {
    const { fetchAll, stored } = learning();
    await fetchAll([1, 1, 2]);
    const [entry] = (await stored()).values;
    expect(Object.keys(entry!).sort()).toEqual([
      "_creationTime",
      "_id",
      "args",
      "expiresAt",
      "fillMs",
      "name",
      "startedAt",
      "token",
      "value",
    ]);
  });

  test("begins anew after a removal, whether what it removed is still stored or not (guarantee 3)", async () => {
    const app = learning({ tags: () => ["tag"] });
    expect(await app.fetchAll([1, 1, 1])).toEqual([1, 2, 3]);
    await app.act((ctx) => invalidateTags(ctx, component, ["tag"]));
    expect(await app.fetchAll([1, 1])).toEqual([1, 2]);
    await app.act((ctx) => app.cache.remove(ctx, {}));
    expect(await app.fetchAll([1])).toEqual([1]);
  });

  test("is not shortened by jitter again and again", async () => {
    const { fetchAll } = learning({ ttl: { min: MINUTE, max: 1000 * MINUTE }, jitter: 0.5 });
    const lives = await fetchAll(Array.from({ length: 20 }, () => 1));
    lives.forEach((life, index) => {
      expect(life).toBeGreaterThan((index + 1) * 0.5 - 0.001);
      expect(life).toBeLessThan(index + 1.001);
    });
    expect(
      new Set(lives.map((life, index) => (life / (index + 1)).toFixed(3))).size,
    ).toBeGreaterThan(10);
  });

  test("is learned by a refresh in the background, after the window has begun", async () => {
    const { act, cache, fetch, peek, pass } = learning({ staleWhileRevalidate: HOUR });
    await fetch(1);
    vi.setSystemTime(START + 30 * MINUTE);
    await act((ctx) => cache.fetch(ctx, {}));
    await pass(SECOND);
    const refreshed = await peek();
    expect(refreshed!.expiresAt! - refreshed!.createdAt).toBe(2 * MINUTE);
  });

  test("is learned from a put, and by the length of what had no end", async () => {
    const { t, cache, peek, stored } = learning();
    const lifeOf = async (value: number, options = {}) => {
      await t.mutation((ctx) => cache.put(ctx, {}, value, options));
      const entry = await peek();
      return entry!.expiresAt === null ? null : (entry!.expiresAt - entry!.createdAt) / MINUTE;
    };
    expect(await lifeOf(1)).toBe(1);
    expect(await lifeOf(1)).toBe(2);
    expect(await lifeOf(2)).toBe(1);
    // Its reader goes by `max` all the same.
    expect(await lifeOf(2, { ttl: null })).toBe(4);
    expect((await stored()).values[0]!.expiresAt).toBeUndefined();
    expect(await lifeOf(2)).toBe(4);
  });

  test("after an expiry by hand goes by how long the value lived", async () => {
    const { act, cache, fetch, fetchAll } = learning({ ttl: { min: MINUTE, max: HOUR } });
    expect(await fetchAll([1, 1, 1, 1])).toEqual([1, 2, 3, 4]);
    await fetch(1);
    vi.setSystemTime(Date.now() + 2 * MINUTE);
    await act((ctx) => cache.expire(ctx, {}));
    expect(await fetch(1)).toBe(3 * MINUTE);
  });

  test("bounds what was stored for longer", async () => {
    const { act, cache, fetch, t } = learning({ ttl: { min: MINUTE, max: 2 * MINUTE } });
    await t.mutation((ctx) => cache.put(ctx, {}, 1, { ttl: null }));
    vi.setSystemTime(START + 2 * MINUTE);
    expect(await fetch(1)).toBe(2 * MINUTE);
    expect((await act((ctx) => cache.fetchEntry(ctx, {}))).status).toBe("hit");
  });

  test("grows with a value that compute found unmodified", async () => {
    const { act } = createApp();
    const cache = new ActionCache(component, {
      name: "inline",
      ttl: { min: MINUTE, max: HOUR },
      compute: (
        _ctx,
        _args: Record<string, never>,
        before,
      ): Promise<string | typeof NOT_MODIFIED> =>
        Promise.resolve(before === undefined ? "value" : NOT_MODIFIED),
    });
    for (const life of [1, 2, 3]) {
      const { createdAt, expiresAt } = await act((ctx) => cache.fetchEntry(ctx, {}));
      expect(expiresAt! - createdAt).toBe(life * MINUTE);
      vi.setSystemTime(expiresAt!);
    }
  });
});

test.each([
  { min: 0, max: 1 },
  { min: -1, max: 1 },
  { min: 2, max: 1 },
  { min: NaN, max: 1 },
  { min: 1 },
  { max: 1 },
])("bounds of %j are refused", (ttl) => {
  const { cache } = createApp();
  expect(() => cache({ ttl: ttl as never })).toThrow(/INVALID_TTL.*`ttl` is an object.*`min`/);
});

function deep(levels: number): Value {
  return levels === 0 ? "x" : [deep(levels - 1)];
}
