import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { LEASE_MS } from "../shared/leaseTimes.js";
import { HOUR, MINUTE } from "../shared/time.js";

const START = 1_000_000;
const args = { id: 1 };

virtualTime(START);

describe("peek", () => {
  test("is null where nothing is stored, and runs nothing", async () => {
    const { act, cache, upstream, observer } = createApp();
    expect(await act((ctx) => cache().peek(ctx, args))).toBeNull();
    expect(upstream.runs).toBe(0);
    expect(observer.counts).toMatchObject({ queries: 1, mutations: 0, documentsWritten: 0 });
  });

  test("is the value with its times", async () => {
    const { act, cache } = createApp();
    await act((ctx) => cache({ ttl: MINUTE }).fetch(ctx, args));
    vi.setSystemTime(START + 10);
    expect(await act((ctx) => cache().peek(ctx, args))).toEqual({
      value: 1,
      createdAt: START,
      expiresAt: START + MINUTE,
      staleUntil: START + MINUTE,
      fillingUntil: null,
      readAt: null,
    });
  });

  test("has no expiry for an entry without one", async () => {
    const { act, cache } = createApp();
    await act((ctx) => cache().fetch(ctx, args));
    expect(await act((ctx) => cache().peek(ctx, args))).toEqual({
      value: 1,
      createdAt: START,
      expiresAt: null,
      staleUntil: null,
      fillingUntil: null,
      readAt: null,
    });
  });

  test("decides on the expiry by the shorter of the stored and the configured ttl, as fetch does", async () => {
    const { act, cache } = createApp();
    await act((ctx) => cache({ ttl: HOUR }).fetch(ctx, args));
    for (const [ttl, expiresAt] of [
      [MINUTE, START + MINUTE],
      [2 * HOUR, START + HOUR],
      [null, START + HOUR],
    ] as const) {
      const entry = await act((ctx) => cache({ ttl, staleWhileRevalidate: 5 }).peek(ctx, args));
      expect(entry).toMatchObject({ expiresAt, staleUntil: expiresAt + 5 });
    }
  });

  test("is the entry also when it has expired, until it is purged", async () => {
    const { act, cache, t } = createApp();
    await act((ctx) => cache({ ttl: MINUTE }).fetch(ctx, args));
    vi.setSystemTime(START + 2 * MINUTE);
    expect(await act((ctx) => cache({ ttl: HOUR }).peek(ctx, args))).toMatchObject({
      value: 1,
      expiresAt: START + MINUTE,
    });
    await t.mutation(component.crons.purge, { expiresAt: Date.now() });
    expect(await act((ctx) => cache().peek(ctx, args))).toBeNull();
  });

  test("is null for an entry that was cleared, before anything is deleted", async () => {
    const { act, cache, stored } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    await act((ctx) => values.removeAllForName(ctx));
    expect((await stored()).values).toHaveLength(1);
    expect(await act((ctx) => values.peek(ctx, args))).toBeNull();
  });

  test("tells until when a running fill holds the lease, beside the entry that stands", async () => {
    const { act, cache, upstream } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    vi.setSystemTime(START + 500);
    upstream.answer = async () => {
      expect(await act((ctx) => values.peek(ctx, args))).toMatchObject({
        value: 1,
        createdAt: START,
        fillingUntil: START + 500 + LEASE_MS,
      });
      return 2;
    };
    await act((ctx) => values.fetch(ctx, args, { force: true }));
    expect(await act((ctx) => values.peek(ctx, args))).toMatchObject({
      value: 2,
      createdAt: START + 500,
      fillingUntil: null,
      readAt: null,
    });
  });

  test("returns whole a value that no document can hold", async () => {
    const { act, cache, upstream } = createApp();
    const value = { text: "x".repeat(3 * 1024 * 1024) };
    upstream.answer = () => value;
    await act((ctx) => cache().fetch(ctx, args));
    expect((await act((ctx) => cache().peek(ctx, args)))?.value).toEqual(value);
  });

  test("works in a query and in a mutation, as of their own writes", async () => {
    const { act, cache, t } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    expect(await t.query((ctx) => values.peek(ctx, args))).toMatchObject({ value: 1 });
    const seen = await t.mutation(async (ctx) => {
      const before = await values.peek(ctx, args);
      await values.put(ctx, args, "new");
      const after = await values.peek(ctx, args);
      await values.remove(ctx, args);
      return [before?.value, after?.value, await values.peek(ctx, args)];
    });
    expect(seen).toEqual([1, "new", null]);
  });
});
