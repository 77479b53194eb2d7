import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { modules, schema } from "../test.js";
import { component, createApp } from "../testing/app.js";
import { withoutClock } from "../testing/clock.js";
import { SECOND } from "../shared/time.js";

const LARGE = "x".repeat(2 * 1024 * 1024);

virtualTime(1_000_000);

/** An app in which the component's functions of these names may not look at the clock. */
function createClockless(path: string, names: string[]) {
  const app = createApp();
  app.t.registerComponent("actionCache", schema, withoutClock(modules, path, names));
  return app;
}

describe("a query that looks up entries (guarantee 5)", () => {
  test.each([
    ["a value", "value", { ttl: 60 * SECOND }],
    ["a value without a ttl", "value", {}],
    ["a large value", LARGE, { ttl: 60 * SECOND }],
  ])("serves %s without reading the clock", async (_, value, config) => {
    const { act, cache, upstream, events } = createClockless("./component/entries.ts", ["read"]);
    upstream.answer = () => value;
    const values = cache(config);
    for (const get of ["miss", "hit"]) {
      expect(await act((ctx) => values.fetch(ctx, { id: 1 }))).toBe(value);
      expect(events.at(-1)).toMatchObject({ get });
    }
    expect(upstream.runs).toBe(1);
  });

  test("finds an entry expired, or cleared, without reading the clock", async () => {
    const { act, cache, upstream, t } = createClockless("./component/entries.ts", ["read"]);
    const values = cache({ ttl: SECOND });
    await act((ctx) => values.fetch(ctx, { id: 1 }));
    vi.setSystemTime(1_000_000 + SECOND);
    expect(await act((ctx) => values.fetch(ctx, { id: 1 }))).toBe(2);
    await t.mutation(component.lib.removeAll, {});
    expect(await act((ctx) => values.fetch(ctx, { id: 1 }))).toBe(3);
    expect(upstream.runs).toBe(3);
  });

  test("peeks without reading the clock, also at an entry that is being filled", async () => {
    const { act, cache, upstream } = createClockless("./component/entries.ts", ["peek"]);
    const values = cache({ ttl: SECOND });
    upstream.answer = async () => {
      expect(await act((ctx) => values.peek(ctx, { id: 1 }))).toBeNull();
      return "value";
    };
    await act((ctx) => values.fetch(ctx, { id: 1 }));
    expect(await act((ctx) => values.peek(ctx, { id: 1 }))).toMatchObject({ value: "value" });
  });
});

describe("a query that looks at what the cache does reads no clock (guarantee 5)", () => {
  const inspecting = () => createClockless("./component/inspect.ts", ["explain", "list"]);

  test("explains an entry, a fill that runs and a failure", async () => {
    const { act, cache, upstream } = inspecting();
    const values = cache({ ttl: SECOND, errorTtl: SECOND, checkValue: () => true });
    upstream.answer = async () => {
      const { fill } = await act((ctx) => values.explain(ctx, { id: 1 }));
      expect(fill).toMatchObject({ state: "running", since: 1_000_000 });
      throw new Error("down");
    };
    await expect(act((ctx) => values.fetch(ctx, { id: 1 }))).rejects.toThrow("down");
    const { failure } = await act((ctx) => values.explain(ctx, { id: 1 }));
    expect(failure).toMatchObject({ until: 1_000_000 + SECOND });
    await act((ctx) => values.put(ctx, { id: 1 }, LARGE));
    expect((await act((ctx) => values.explain(ctx, { id: 1 }))).entry).not.toBeNull();
  });

  test("lists by name, tenant and tag", async () => {
    const { act, cache } = inspecting();
    const values = cache({ ttl: SECOND }).forTenant("acme");
    await act((ctx) => values.put(ctx, { id: 1 }, 1, { tags: ["a"] }));
    for (const what of [{}, { tag: "a" }]) {
      const listing = { ...what, cursor: null, numItems: 10 };
      expect((await act((ctx) => values.list(ctx, listing))).page).toHaveLength(1);
      expect((await act((ctx) => cache().list(ctx, listing))).page).toHaveLength(1);
    }
  });

  test("in the app's own query either", async () => {
    const { t, cache } = createApp();
    const values = cache({ ttl: 1, staleWhileRevalidate: 5, checkValue: () => true });
    await t.mutation((ctx) => values.put(ctx, { a: 1 }, 1));
    const now = vi.spyOn(Date, "now");
    await t.query(async (ctx) => {
      now.mockClear();
      await values.explain(ctx, { a: 1 });
      await values.list(ctx, { cursor: null, numItems: 10 });
      expect(now).not.toHaveBeenCalled();
    });
    now.mockRestore();
  });
});

test("the observer notices a query that does read the clock", async () => {
  const { t } = createClockless("./component/lib.ts", ["get"]);
  const entry = { name: "test", args: {} };
  await t.mutation(component.lib.put, { ...entry, value: 1, ttl: 1 });
  const reading = t.query(component.lib.get, { ...entry, ttl: null });
  await expect(reading).rejects.toThrow("the clock was read");
});

test("peek reads no clock in the app's own query either (guarantee 5)", async () => {
  const app = createApp();
  const cache = app.cache({ ttl: 1, staleWhileRevalidate: 5 });
  await app.t.mutation((ctx) => cache.put(ctx, { a: 1 }, 1));
  const now = vi.spyOn(Date, "now");
  const entry = await app.t.query(async (ctx) => {
    now.mockClear();
    const peeked = await cache.peek(ctx, { a: 1 });
    expect(now).not.toHaveBeenCalled();
    return peeked;
  });
  now.mockRestore();
  expect(entry).toMatchObject({ value: 1 });
});
