import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { DAY, MINUTE } from "../shared/time.js";
import type { ActionCacheConfig } from "./options.js";

const START = 1_000_000;
const FOREVER = START + 100 * 365 * DAY;

virtualTime(START);

/** An app whose caches have one name, so that they share their entries. */
function createTimed() {
  const app = createApp();
  return {
    ...app,
    /** Fetches one entry at a time, by a cache of this ttl: the number of the run that filled it. */
    fetchAt: (time: number, ttl: ActionCacheConfig["ttl"], options = {}) => {
      vi.setSystemTime(time);
      return app.act((ctx) => app.cache({ ttl }).fetch(ctx, { id: 1 }, options));
    },
    expiry: async () => (await app.stored()).metadata.map(({ expiresAt }) => expiresAt),
  };
}

describe("a configured ttl", () => {
  test("ends freshness to the millisecond", async () => {
    const { fetchAt, upstream } = createTimed();
    expect(await fetchAt(START, MINUTE)).toBe(1);
    expect(await fetchAt(START + MINUTE - 1, MINUTE)).toBe(1);
    expect(await fetchAt(START + MINUTE, MINUTE)).toBe(2);
    expect(upstream.runs).toBe(2);
  });

  test("ends it as well long afterwards", async () => {
    const { fetchAt } = createTimed();
    await fetchAt(START, MINUTE);
    expect(await fetchAt(START + MINUTE + 1, MINUTE)).toBe(2);
    expect(await fetchAt(FOREVER, MINUTE)).toBe(3);
  });

  test("begins anew with each fill", async () => {
    const { fetchAt, expiry } = createTimed();
    await fetchAt(START, MINUTE);
    await fetchAt(START + 2 * MINUTE, MINUTE);
    expect(await expiry()).toEqual([START + 3 * MINUTE]);
    expect(await fetchAt(START + 3 * MINUTE - 1, MINUTE)).toBe(2);
    expect(await fetchAt(START + 3 * MINUTE, MINUTE)).toBe(3);
  });

  test.each([null, undefined, Infinity])("of %s never ends it", async (ttl) => {
    const { fetchAt, expiry } = createTimed();
    await fetchAt(START, ttl);
    expect(await expiry()).toEqual([]);
    expect(await fetchAt(FOREVER, ttl)).toBe(1);
  });

  test("of 0 makes every fetch a miss", async () => {
    const { fetchAt, stored } = createTimed();
    expect(await fetchAt(START, 0)).toBe(1);
    expect(await fetchAt(START, 0)).toBe(2);
    expect((await stored()).values).toHaveLength(1);
  });

  test("may be a fraction of a millisecond", async () => {
    const { fetchAt } = createTimed();
    await fetchAt(START, 1.5);
    expect(await fetchAt(START + 1, 1.5)).toBe(1);
    expect(await fetchAt(START + 2, 1.5)).toBe(2);
  });

  test("may be the result of a function of the value and the arguments", async () => {
    const { fetchAt, upstream, expiry } = createTimed();
    upstream.answer = (_, run) => run * MINUTE;
    const ttl = vi.fn(({ value }: { value: unknown }) => value as number);
    await fetchAt(START, ttl);
    expect(ttl.mock.calls).toEqual([[{ args: { id: 1 }, value: MINUTE }]]);
    expect(await expiry()).toEqual([START + MINUTE]);
    expect(await fetchAt(START + MINUTE - 1, ttl)).toBe(MINUTE);
    expect(await fetchAt(START + MINUTE, ttl)).toBe(2 * MINUTE);
    expect(await fetchAt(START + 3 * MINUTE - 1, ttl)).toBe(2 * MINUTE);
  });

  test("may be null as the result of a function, without end", async () => {
    const { fetchAt, expiry } = createTimed();
    await fetchAt(START, () => null);
    expect(await expiry()).toEqual([]);
    expect(await fetchAt(FOREVER, () => null)).toBe(1);
  });

  test("is taken off by a random part, up to `jitter`", async () => {
    const { act, cache, stored } = createTimed();
    const values = cache({ ttl: 1000, jitter: 0.1 });
    for (let id = 0; id < 40; id++) await act((ctx) => values.fetch(ctx, { id }));
    const ttls = (await stored()).metadata.map(({ expiresAt }) => expiresAt - START);
    expect(Math.min(...ttls)).toBeGreaterThan(900 - 1);
    expect(Math.max(...ttls)).toBeLessThanOrEqual(1000);
    expect(new Set(ttls).size).toBeGreaterThan(20);
  });
});

describe("a ttl given to fetch", () => {
  test("measures an entry that was stored under a longer one", async () => {
    const { fetchAt } = createTimed();
    await fetchAt(START, DAY);
    expect(await fetchAt(START + MINUTE - 1, DAY, { ttl: MINUTE })).toBe(1);
    expect(await fetchAt(START + MINUTE, DAY, { ttl: MINUTE })).toBe(2);
  });

  test.each([null, Infinity])("measures an entry that was stored under %s", async (ttl) => {
    const { fetchAt } = createTimed();
    await fetchAt(START, ttl);
    expect(await fetchAt(START + MINUTE - 1, ttl, { ttl: MINUTE })).toBe(1);
    expect(await fetchAt(START + MINUTE, ttl, { ttl: MINUTE })).toBe(2);
  });

  test("does not prolong an entry that was stored under a shorter one", async () => {
    const { fetchAt } = createTimed();
    await fetchAt(START, MINUTE);
    expect(await fetchAt(START + MINUTE - 1, MINUTE, { ttl: DAY })).toBe(1);
    expect(await fetchAt(START + MINUTE, MINUTE, { ttl: DAY })).toBe(2);
  });

  test("is what the value is stored under, in place of the configured one", async () => {
    const { fetchAt, expiry } = createTimed();
    await fetchAt(START, MINUTE, { ttl: DAY });
    expect(await expiry()).toEqual([START + DAY]);
    await fetchAt(START, () => 5, { ttl: MINUTE, force: true });
    expect(await expiry()).toEqual([START + MINUTE]);
    await fetchAt(START, MINUTE, { ttl: Infinity, force: true });
    expect(await expiry()).toEqual([]);
  });

  test("of 0 is satisfied by no entry", async () => {
    const { fetchAt } = createTimed();
    await fetchAt(START, DAY);
    expect(await fetchAt(START, DAY, { ttl: 0 })).toBe(2);
  });

  test("does not change the stored expiry by a read", async () => {
    const { fetchAt, stored } = createTimed();
    await fetchAt(START, DAY);
    const before = await stored();
    await fetchAt(START + 1, DAY, { ttl: MINUTE });
    await fetchAt(START + 1, DAY, { ttl: Infinity });
    await fetchAt(START + 1, null);
    expect(await stored()).toEqual(before);
  });
});

test("an entry that was stored under another cache's longer ttl is measured by the reader's", async () => {
  const { fetchAt } = createTimed();
  await fetchAt(START, DAY);
  expect(await fetchAt(START + MINUTE - 1, MINUTE)).toBe(1);
  expect(await fetchAt(START + MINUTE, MINUTE)).toBe(2);
});
