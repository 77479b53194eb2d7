import { describe, expect, test, vi } from "vitest";
import { createApp } from "../testing/app.js";
import { advance } from "../testing/time.js";
import { SECOND } from "../shared/time.js";

/** Makes every call of the component's functions whose address ends so fail. */
function failing(app: ReturnType<typeof createApp>, ...ends: string[]) {
  app.observer.failCall = (address) => {
    if (ends.some((end) => address.endsWith(end))) throw new Error(`${address} is down`);
  };
}

describe("a broken cache is not a broken app (guarantee 7)", () => {
  test.each([
    ["the lookup fails", ["entries/read"]],
    ["the claim fails", ["fills/claim"]],
    ["the settle fails", ["fills/settle"]],
    ["everything fails", ["entries/read", "fills/claim", "fills/settle", "fills/heartbeat"]],
  ])("when %s, the caller has its value", async (_, ends) => {
    const app = createApp();
    const cache = app.cache();
    failing(app, ...ends);
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe(1);
    expect(app.events).toHaveLength(1);
    app.observer.failCall = () => {};
    const later = app.act((ctx) => cache.fetch(ctx, { text: "b" }));
    expect(await later).toBe(2);
  });

  test("when only the lookup fails, a stored value is still found", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.t.mutation((ctx) => cache.put(ctx, { text: "a" }, "stored"));
    failing(app, "entries/read");
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe("stored");
    expect(app.events).toMatchObject([{ get: "miss", put: "hit" }]);
  });

  test("when polling fails, a caller that waits runs the action itself", async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      const app = createApp();
      const cache = app.cache();
      app.upstream.answer = async (_, run) => {
        await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
        return run;
      };
      const fetch = () => app.act((ctx) => cache.fetch(ctx, { text: "a" }));
      const first = fetch();
      await advance(10, () => app.observer.operations);
      const second = fetch();
      await advance(10, () => app.observer.operations);
      failing(app, "entries/read");
      await advance(40 * SECOND, () => app.observer.operations);
      expect(await Promise.all([first, second])).toEqual([1, 2]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("an error of the action reaches its caller when it can't be recorded", async () => {
    const app = createApp();
    const cache = app.cache();
    app.upstream.answer = () => Promise.reject(new Error("upstream is down"));
    failing(app, "fills/settle");
    await expect(app.act((ctx) => cache.fetch(ctx, { text: "a" }))).rejects.toThrow(
      "upstream is down",
    );
  });

  test("when the document can't be written, the lease is given up and the value returned", async () => {
    const app = createApp();
    const cache = app.cache();
    app.observer.fault = (op, { table }) => {
      if (op === "1.0/insert" && table === "values") throw new Error("disk full");
    };
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe(1);
    expect(app.events).toMatchObject([{ get: "miss", put: "failed" }]);
    expect((await app.stored()).fills).toMatchObject([{ state: "skipped" }]);
    app.observer.fault = () => {};
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe(2);
  });
});

describe("a function of the configuration that throws or returns nonsense never costs the value (guarantee 7)", () => {
  const throws = () => {
    throw new Error("a bug");
  };
  test.each([
    ["ttl throws", { ttl: throws }, /a bug/],
    ["ttl returns NaN", { ttl: () => NaN }, /ttl/],
    ["ttl returns a negative", { ttl: () => -1 }, /ttl/],
    ["ttl returns text", { ttl: (() => "soon") as never }, /ttl/],
    ["shouldCache throws", { shouldCache: throws }, /a bug/],
  ])("%s", async (_, config, reason) => {
    const app = createApp();
    const cache = app.cache(config);
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe(1);
    expect(app.events).toMatchObject([{ get: "miss", put: "skipped" }]);
    expect(app.events[0]!.reason).toMatch(reason);
    expect((await app.stored()).values).toEqual([]);
  });

  test("key throws", async () => {
    const app = createApp();
    const cache = app.cache({ key: throws });
    expect(await app.act((ctx) => cache.fetch(ctx, { text: "a" }))).toBe(1);
    expect((await app.stored()).values).toEqual([]);
  });
});

describe("per-entry policies", () => {
  test("ttl as a function of value and arguments", async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      const app = createApp();
      app.upstream.answer = ({ days }) => ({ days: days! });
      const cache = app.cache({
        ttl: ({ args, value }) => ((value as { days: number }).days + Number(args.days)) * SECOND,
      });
      await app.act((ctx) => cache.fetch(ctx, { days: 2 }));
      const entry = await app.t.query((ctx) => cache.peek(ctx, { days: 2 }));
      expect(entry?.expiresAt).toBe(Date.now() + 4 * SECOND);
    } finally {
      vi.useRealTimers();
    }
  });

  test("jitter shortens each ttl by a random part up to the fraction", async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    try {
      const app = createApp();
      const cache = app.cache({ ttl: 1000 * SECOND, jitter: 0.1 });
      const expiries = new Set<number>();
      for (let n = 0; n < 50; n++) {
        await app.act((ctx) => cache.fetch(ctx, { n }));
        const entry = await app.t.query((ctx) => cache.peek(ctx, { n }));
        expiries.add(entry!.expiresAt! - Date.now());
      }
      expect(expiries.size).toBeGreaterThan(40);
      expect(Math.min(...expiries)).toBeGreaterThanOrEqual(900 * SECOND);
      expect(Math.max(...expiries)).toBeLessThanOrEqual(1000 * SECOND);
    } finally {
      vi.useRealTimers();
    }
  });

  test("key is the part of the arguments that identifies the entry", async () => {
    const app = createApp();
    const cache = app.cache({ key: ({ city }) => city! });
    const fetch = (args: { city: string; traceId: string }) =>
      app.act((ctx) => cache.fetch(ctx, args));
    expect(await fetch({ city: "LA", traceId: "1" })).toBe(1);
    expect(await fetch({ city: "LA", traceId: "2" })).toBe(1);
    expect(await fetch({ city: "NYC", traceId: "2" })).toBe(2);
    expect(await app.t.mutation((ctx) => cache.remove(ctx, { city: "LA" }))).toBe(true);
  });
});
