/** Nothing fails silently: what keeps a cache from caching is said once, with the remedy (guarantee 8). */
import { makeFunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import { defineSchema, internalActionGeneric } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { component, type Compute, compute, createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { ActionCache, type ActionCacheConfig, refresher } from "./index.js";

const START = 1_000_000;
let warnings: string[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((message: string) => void warnings.push(message));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const throws = () => {
  throw new Error("a bug");
};

describe("in the foreground, whatever `log` is (guarantee 8)", () => {
  const causes: [string, Partial<ActionCacheConfig<Compute>>, RegExp][] = [
    ["129 tags", { tags: () => Array.from({ length: 129 }, (_, n) => `t${n}`) }, /at most 128/],
    ["a tags function that throws", { tags: throws }, /a bug/],
    ["an empty tag", { tags: () => [""] }, /1 to 256 characters/],
    ["half of an emoji as tag", { tags: () => ["\ud83c"] }, /1 to 256 characters/],
    [
      "a tags function that is async",
      { tags: (() => Promise.reject(new Error())) as never },
      /tags/,
    ],
    ["tags that are no list", { tags: () => "tag" as never }, /Give a list/],
    ["a key that is undefined", { key: () => undefined as never }, /`key` fails.*Return/],
    ["a key function that throws", { key: throws }, /`key` fails.*a bug/],
    [
      "a key function that is async",
      { key: (() => Promise.reject(new Error())) as never },
      /`key`/,
    ],
    ["a ttl that is NaN", { ttl: () => NaN }, /NaN.*milliseconds/],
    ["a ttl function that throws", { ttl: throws }, /a bug/],
    [
      "a ttl function that is async",
      { ttl: (() => Promise.reject(new Error())) as never },
      /promise/,
    ],
    ["a shouldCache that throws", { shouldCache: throws }, /a bug/],
    ["a shouldCache that is no boolean", { shouldCache: () => 1 as never }, /true or false/],
    [
      "a shouldCache that is async",
      { shouldCache: (() => Promise.reject(new Error())) as never },
      /true or false/,
    ],
  ];

  test.each(causes)("%s", async (_, config, message) => {
    const { act, cache, upstream } = createApp();
    for (const log of [false, undefined]) {
      warnings = [];
      const values = cache({ ...config, log });
      for (let n = 0; n < 3; n++) await act((ctx) => values.fetch(ctx, { n: 1 }));
      await act((ctx) => values.forTenant("acme").fetch(ctx, { n: 1 }));
      expect(warnings).toEqual([expect.stringMatching(message)]);
      expect(warnings[0]).toContain("action cache `test`: ");
    }
    expect(upstream.runs).toBe(8);
  });

  test("a value too large", async () => {
    const { act, cache, upstream } = createApp();
    upstream.answer = () => "x".repeat(4 * 1024 * 1024);
    const values = cache({ log: false });
    for (let n = 0; n < 2; n++) {
      await act(async (ctx) => String(await values.fetch(ctx, {})).length);
    }
    expect(warnings).toEqual([expect.stringMatching(/over 4194304.*file storage/)]);
  });

  test.each([
    ["entries/read", /a lookup failed.*disk full.*app\.use.*register/],
    ["fills/claim", /a claim failed.*disk full/],
    ["fills/settle", /could not be stored.*disk full/],
  ])("storage that fails: %s", async (address, message) => {
    const { act, cache, upstream, observer } = createApp();
    observer.failCall = (called) => {
      if (called.endsWith(address)) throw new Error("disk full");
    };
    const values = cache({ log: false });
    for (let n = 0; n < 3; n++) await act((ctx) => values.fetch(ctx, { n }));
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(upstream.runs).toBe(3);
  });

  test("a component that is not installed", async () => {
    const t = convexTest({
      schema: defineSchema({}),
      modules: {
        "./_generated/api.js": () => Promise.resolve({}),
        "./upstream.ts": () =>
          Promise.resolve({
            compute: internalActionGeneric({ args: {}, returns: v.number(), handler: () => 1 }),
          }),
      },
    });
    const values = new ActionCache(component, { action: compute, name: "test" });
    for (let n = 0; n < 3; n++) expect(await t.action((ctx) => values.fetch(ctx, {}))).toBe(1);
    expect(warnings).toEqual([
      expect.stringMatching(/lookup failed.*not registered.*app\.use\(cache\).*register\(t\)/),
      expect.stringMatching(/claim failed/),
    ]);
  });

  test("a waiter that has waited for 30 s, as an action does that fetches its own entry", async () => {
    const app = createApp();
    app.slowly(2 * MINUTE);
    const values = app.cache();
    void app.act((ctx) => values.fetch(ctx, {}));
    await app.pass(SECOND);
    const waiting = app.act((ctx) => values.fetch(ctx, {}));
    await app.pass(28 * SECOND);
    expect(warnings).toEqual([]);
    await app.pass(10 * SECOND);
    expect(warnings).toEqual([expect.stringMatching(/30 s.*fetches its own entry/)]);
    await app.pass(2 * MINUTE);
    expect(await waiting).toBe(1);
    expect(warnings).toHaveLength(1);
  });
});

describe("behind the caller (guarantee 8)", () => {
  const refreshing = makeFunctionReference<"action">("refreshers:refresh") as never;
  const windows = { ttl: MINUTE, staleWhileRevalidate: 24 * HOUR };

  test("a refresh that can't be scheduled", async () => {
    const { act, cache, t, observer } = createApp();
    const values = cache({ ...windows, log: false });
    await t.mutation((ctx) => values.put(ctx, {}, "old"));
    vi.setSystemTime(START + HOUR);
    observer.failCall = (address) => {
      if (address.endsWith("fills/schedule")) throw new Error("queue full");
    };
    for (let n = 0; n < 3; n++) expect(await act((ctx) => values.fetch(ctx, {}))).toBe("old");
    expect(warnings).toEqual([expect.stringMatching(/could not be scheduled.*queue full/)]);
  });

  test.each<[string, Partial<ActionCacheConfig<Compute>>, (n: number) => unknown, RegExp]>([
    [
      "is not wanted",
      { shouldCache: ({ value }) => value === "wanted" },
      () => "no",
      /stored nothing.*shouldCache/,
    ],
    ["is too large", {}, () => "x".repeat(5_000_000), /stored nothing.*over 4194304/],
    ["has no tags", { tags: throws }, () => "new", /stored nothing.*a bug/],
    ["is an error", {}, () => Promise.reject(new Error("down")), /a refresh failed: .*down/],
  ])(
    "a refresh whose value %s: it is not paid for at each stale read",
    async (_, config, answer, message) => {
      for (const inComponent of [true, false]) {
        if (inComponent && Object.keys(config).length > 0) continue;
        warnings = [];
        vi.setSystemTime(START);
        const app = createApp({
          "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => cache) }),
        });
        const name = `${_} ${inComponent}`;
        const cache = app.cache({
          ...windows,
          ...config,
          name,
          ...(!inComponent && { refresher: refreshing }),
        });
        await app.t.mutation((ctx) => cache.put(ctx, {}, "old", { ttl: MINUTE, tags: [] }));
        vi.setSystemTime(START + HOUR);
        app.upstream.answer = (_args, run) => answer(run) as string;
        for (let read = 0; read < 20; read++) {
          expect(await app.act((ctx) => cache.fetch(ctx, {}))).toBe("old");
          await app.pass(100);
        }
        // Two seconds of stale reads, and at least one between two refreshes.
        expect(app.upstream.runs).toBeGreaterThan(0);
        expect(app.upstream.runs).toBeLessThanOrEqual(2);
        expect(warnings.filter((each) => message.test(each))).toHaveLength(1);
        expect(warnings[0]).toContain(`action cache \`${name}\`: `);
      }
    },
  );

  test("is not repeated before `errorTtl` has passed", async () => {
    const app = createApp();
    const cache = app.cache({ ...windows, name: "patient", errorTtl: 5 * SECOND });
    await app.t.mutation((ctx) => cache.put(ctx, {}, "old"));
    vi.setSystemTime(START + HOUR);
    app.upstream.answer = () => Promise.reject(new Error("down"));
    for (let read = 0; read < 12; read++) {
      await app.act((ctx) => cache.fetch(ctx, {}));
      await app.pass(SECOND);
    }
    expect(app.upstream.runs).toBe(3);
  });

  test("a refresher of another cache: the fill is given up, so that the next reader can", async () => {
    const app = createApp({
      "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => one) }),
    });
    const config = { ...windows, shouldCache: () => true, refresher: refreshing };
    const one = app.cache({ ...config, name: "one" });
    const other = app.cache({ ...config, name: "other" });
    await app.t.mutation((ctx) => other.put(ctx, {}, "old"));
    vi.setSystemTime(START + HOUR);
    expect(await app.act((ctx) => other.fetch(ctx, {}))).toBe("old");
    await app.pass(SECOND);
    expect(warnings).toEqual([
      expect.stringMatching(
        /`one`: its refresher was given a fill of the cache `other`.*of its own/,
      ),
    ]);
    expect(await app.t.query((ctx) => other.peek(ctx, {}))).toMatchObject({ fillingUntil: null });
    expect(await app.act((ctx) => other.fetch(ctx, {}, { force: true }))).toBe(1);
  });
});
