import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { MINUTE } from "../shared/time.js";

const args = { id: 1 };

virtualTime(1_000_000);

describe("a forced fetch", () => {
  test("runs the action whatever is stored, and replaces that", async () => {
    const { act, cache, events, stored } = createApp();
    const values = cache({ ttl: MINUTE });
    await act((ctx) => values.fetch(ctx, args));
    expect(await act((ctx) => values.fetch(ctx, args, { force: true }))).toBe(2);
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(2);
    expect(events.map(({ get, put }) => [get, put])).toEqual([
      ["miss", "created"],
      ["miss", "replaced"],
      ["hit", undefined],
    ]);
    const { values: rows, metadata } = await stored();
    expect(rows).toHaveLength(1);
    expect(metadata).toHaveLength(1);
  });

  test("fills where nothing is stored", async () => {
    const { act, cache, events } = createApp();
    expect(await act((ctx) => cache().fetch(ctx, args, { force: true }))).toBe(1);
    expect(events).toMatchObject([{ get: "miss", put: "created" }]);
  });

  test("replaces one entry, and leaves the others", async () => {
    const { act, cache } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    await act((ctx) => values.fetch(ctx, { id: 2 }));
    expect(await act((ctx) => values.fetch(ctx, args, { force: true }))).toBe(3);
    expect(await act((ctx) => values.fetch(ctx, { id: 2 }))).toBe(2);
  });

  test("leaves readers the old value until the new one is stored", async () => {
    const { act, cache, upstream } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    upstream.answer = async (_, run) => {
      expect(await act((ctx) => values.fetch(ctx, args))).toBe(1);
      return run;
    };
    expect(await act((ctx) => values.fetch(ctx, args, { force: true }))).toBe(2);
    expect(upstream.runs).toBe(2);
  });

  test("leaves the old value where the action throws", async () => {
    const { act, cache, upstream } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    upstream.answer = () => {
      throw new Error("upstream is down");
    };
    const forced = act((ctx) => values.fetch(ctx, args, { force: true }));
    await expect(forced).rejects.toThrow("upstream is down");
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(1);
  });

  test("costs three calls and creates no function handle", async () => {
    const { act, cache, observer } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    observer.reset();
    await act((ctx) => values.fetch(ctx, args, { force: true }));
    expect(observer.counts).toMatchObject({ queries: 0, mutations: 2, actions: 1, handles: 0 });
  });

  test.each([false, undefined])("is none with `force: %s`", async (force) => {
    const { act, cache, upstream } = createApp();
    const values = cache();
    const options = force === undefined ? {} : { force };
    await act((ctx) => values.fetch(ctx, args, options));
    await act((ctx) => values.fetch(ctx, args, options));
    expect(upstream.runs).toBe(1);
  });
});
