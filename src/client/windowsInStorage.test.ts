import { ConvexError } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 1_000_000;

virtualTime(START);

const args = { place: "Berlin" };

function createPurgedApp(config: Parameters<ReturnType<typeof createApp>["cache"]>[0]) {
  const app = createApp();
  const cache = app.cache(config);
  return {
    ...app,
    cache,
    at: (ms: number) => vi.setSystemTime(START + ms),
    fetch: () => app.act((ctx) => cache.fetchEntry(ctx, args)),
    purge: () =>
      app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, { expiresAt: Date.now() })),
  };
}

describe("the purge spares what may still be served", () => {
  test.each(["foreground", "background", "put"] as const)(
    "a value of a %s fill, until the longer window ends",
    async (how) => {
      const app = createPurgedApp({
        ttl: MINUTE,
        staleWhileRevalidate: SECOND,
        staleIfError: HOUR,
      });
      if (how === "foreground") await app.fetch();
      if (how === "put") await app.t.mutation((ctx) => app.cache.put(ctx, args, 1));
      if (how === "background") await app.t.mutation((ctx) => app.cache.refresh(ctx, args));
      await app.pass(SECOND);
      app.at(MINUTE + HOUR - 1);
      await app.purge();
      expect((await app.stored()).values).toHaveLength(1);
      app.at(MINUTE + HOUR + 2 * SECOND);
      await app.purge();
      expect((await app.stored()).values).toHaveLength(0);
    },
  );

  test.each([HOUR, null])("an entry that was expired, of a ttl of %s", async (ttl) => {
    const app = createPurgedApp({ ttl, staleIfError: 10 * MINUTE });
    await app.fetch();
    app.at(MINUTE);
    await app.t.mutation((ctx) => app.cache.expire(ctx, args));
    app.at(11 * MINUTE - 1);
    await app.purge();
    expect((await app.stored()).values).toHaveLength(1);
    app.at(11 * MINUTE);
    await app.purge();
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });

  test("a failure that is remembered", async () => {
    const app = createPurgedApp({ errorTtl: HOUR });
    app.upstream.answer = () => Promise.reject(new ConvexError("down"));
    await expect(app.fetch()).rejects.toMatchObject({ data: "down" });
    app.at(HOUR - 1);
    await app.purge();
    await expect(app.fetch()).rejects.toMatchObject({ data: "down" });
    expect(app.upstream.runs).toBe(1);
  });
});

describe("a background fill has the cache's numbers", () => {
  test("its jitter", async () => {
    const app = createPurgedApp({ ttl: HOUR, jitter: 1 });
    const expiries = new Set<number>();
    for (let n = 0; n < 5; n++) {
      await app.t.mutation((ctx) => app.cache.refresh(ctx, { n }));
      await app.pass(SECOND);
      const entry = await app.t.query((ctx) => app.cache.peek(ctx, { n }));
      expiries.add(Math.round(entry!.expiresAt! - entry!.createdAt));
    }
    expect(expiries.size).toBe(5);
  });

  test("its errorTtl, and another failure takes the place of the first", async () => {
    const app = createPurgedApp({ errorTtl: MINUTE });
    app.upstream.answer = (_, run) => Promise.reject(new ConvexError(run));
    await app.t.mutation((ctx) => app.cache.refresh(ctx, args));
    await app.pass(SECOND);
    await expect(app.fetch()).rejects.toMatchObject({ data: 1 });
    app.at(MINUTE / 2);
    await app.t.mutation((ctx) => app.cache.refresh(ctx, args));
    await app.pass(SECOND);
    await expect(app.fetch()).rejects.toMatchObject({ data: 2 });
    app.at(MINUTE + SECOND);
    await expect(app.fetch()).rejects.toMatchObject({ data: 2 });
    expect(app.upstream.runs).toBe(2);
  });
});

describe("a stored value ends the memory of a failure", () => {
  test("of a forced refresh that succeeds", async () => {
    const app = createPurgedApp({ ttl: MINUTE, errorTtl: HOUR });
    app.upstream.answer = (_, run) => (run === 1 ? Promise.reject(new Error("down")) : run);
    await expect(app.fetch()).rejects.toThrow("down");
    await app.act((ctx) => app.cache.fetch(ctx, args, { force: true }));
    app.at(2 * MINUTE);
    expect(await app.fetch()).toMatchObject({ value: 3, status: "filled" });
  });

  test("a remembered failure serves what is within staleIfError, and runs nothing", async () => {
    const app = createPurgedApp({ ttl: MINUTE, staleIfError: HOUR, errorTtl: HOUR });
    await app.t.mutation((ctx) => app.cache.put(ctx, args, "old"));
    app.upstream.answer = () => Promise.reject(new Error("down"));
    app.at(MINUTE);
    expect(await app.fetch()).toMatchObject({ value: "old", status: "stale" });
    app.at(MINUTE + SECOND);
    expect(await app.fetch()).toMatchObject({ value: "old", status: "stale" });
    expect(app.upstream.runs).toBe(1);
  });
});
