/** A call is what it was when it was made (guarantee 9). */
import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { makeFunctionReference } from "convex/server";
import { createApp } from "../testing/app.js";
import { SECOND } from "../shared/time.js";
import { refresher } from "./index.js";

virtualTime(1_000_000);

describe("arguments that change after the call (guarantee 9)", () => {
  test("in fetch: the action runs with, and the cache stores under, what was given", async () => {
    const { act, cache, upstream } = createApp();
    upstream.answer = ({ n }) => `value of ${String(n)}`;
    const values = cache();
    const fetched = await act((ctx) => {
      const args = { n: 0 };
      const promises = [];
      for (args.n = 1; args.n <= 3; args.n++) promises.push(values.fetch(ctx, args));
      return Promise.all(promises);
    });
    expect(fetched).toEqual([1, 2, 3].map((n) => `value of ${n}`));
    expect(upstream.asked).toEqual([1, 2, 3].map((n) => ({ n })));
    for (const n of [1, 2, 3]) {
      expect(await act((ctx) => values.fetch(ctx, { n }))).toBe(`value of ${n}`);
    }
    expect(upstream.runs).toBe(3);
  });

  test("in put, with a value and tags that change too", async () => {
    const { t, cache, stored } = createApp();
    const values = cache({ ttl: ({ value }) => (value as { ms: number }).ms });
    await t.mutation((ctx) => {
      const args = { n: 0 };
      const value = { ms: 0 };
      const tags = ["tag 0"];
      const promises = [];
      for (const n of [1, 2, 3]) {
        args.n = n;
        value.ms = n * SECOND;
        tags[0] = `tag ${n}`;
        promises.push(values.put(ctx, args, value, { tags }));
      }
      args.n = value.ms = 9;
      tags[0] = "late";
      return Promise.all(promises).then(() => null);
    });
    expect((await stored()).values).toMatchObject(
      [1, 2, 3].map((n) => ({ args: { n }, value: { ms: n * SECOND }, tags: [`tag ${n}`] })),
    );
  });

  test("in refresh", async () => {
    const { t, cache, upstream, pass } = createApp();
    await t.mutation((ctx) => {
      const args = { n: 0 };
      const promises = [];
      for (args.n = 1; args.n <= 3; args.n++) promises.push(cache().refresh(ctx, args));
      return Promise.all(promises).then(() => null);
    });
    await pass(SECOND);
    expect(upstream.asked).toEqual([1, 2, 3].map((n) => ({ n })));
  });

  test.each(["remove", "expire", "peek"] as const)("in %s", async (method) => {
    const { t, cache, stored } = createApp();
    const values = cache();
    for (const n of [1, 2]) await t.mutation((ctx) => values.put(ctx, { n }, n));
    const result = await t.mutation((ctx) => {
      const args = { n: 1 };
      const calling = values[method](ctx, args);
      args.n = 2;
      return calling as Promise<unknown>;
    });
    const { values: rows } = await stored();
    if (method === "remove") expect(rows).toMatchObject([{ value: 2 }]);
    if (method === "expire")
      expect(rows.map(({ expiresAt }) => expiresAt)).toEqual([1e6, undefined]);
    if (method === "peek") expect(result).toMatchObject({ value: 1 });
  });
});

describe("functions of the configuration that change what they are given (guarantee 9)", () => {
  /** Sorts and empties in place whatever it is given. */
  const spoil = (given: unknown): void => {
    if (Array.isArray(given)) given.sort().splice(1);
    else if (typeof given === "object" && given !== null) {
      for (const [field, inner] of Object.entries(given)) {
        spoil(inner);
        if (typeof inner === "number") (given as Record<string, unknown>)[field] = -1;
      }
    }
  };
  const spoilers = {
    key: (args: unknown) => (spoil(args), "key"),
    tags: (call: unknown) => (spoil(call), ["tag"]),
    ttl: (call: unknown) => (spoil(call), null),
    shouldCache: (call: unknown) => (spoil(call), true),
  };
  const args = { list: [3, 1, 2], n: 1 };
  const value = { parts: ["c", "a", "b"], n: 2 };

  test.each(Object.keys(spoilers) as (keyof typeof spoilers)[])("%s", async (option) => {
    const app = createApp({
      "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => cache) }),
    });
    app.upstream.answer = () => structuredClone(value);
    const cache = app.cache({
      [option]: spoilers[option],
      refresher: makeFunctionReference<"action">("refreshers:refresh") as never,
    });
    expect(await app.act((ctx) => cache.fetch(ctx, structuredClone(args)))).toEqual(value);
    await app.t.mutation((ctx) => cache.refresh(ctx, structuredClone(args)));
    await app.pass(SECOND);
    expect(app.upstream.asked).toEqual([args, args]);
    const mine = structuredClone(args);
    const put = structuredClone(value);
    await app.t.mutation((ctx) => cache.put(ctx, mine, put));
    expect([mine, put]).toEqual([args, value]);
    expect((await app.stored()).values).toMatchObject([{ value }]);
    expect(await app.act((ctx) => cache.fetch(ctx, structuredClone(args)))).toEqual(value);
    expect(app.upstream.runs).toBe(2);
  });
});
