/** `checkValue`: a stored value of another shape is a miss, and is replaced, wherever it would be served. */
import { makeFunctionReference } from "convex/server";
import { describe, expect, test, vi } from "vitest";
import { createApp } from "../testing/app.js";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { refresher } from "./index.js";

const START = 1_000_000;
const args = { id: 1 };
const OLD = { text: "old" };
const NEW = { text: "new", language: "en" };

virtualTime(START, { quietly: true });

/** What the app of today expects. */
const checkValue = (value: unknown) =>
  typeof value === "object" && value !== null && "language" in value;

/** An app whose last release stored a value of another shape, and whose action now returns the new one. */
async function createUpgraded(stored: { ttl?: number } = {}) {
  const app = createApp();
  await app.t.mutation((ctx) => app.cache(stored).put(ctx, args, OLD));
  app.upstream.answer = () => NEW;
  return app;
}

describe("a stored value of another shape", () => {
  test("is a miss for fetch, and is replaced", async () => {
    const { act, cache, upstream, events } = await createUpgraded();
    const values = cache({ checkValue });
    expect(await act((ctx) => values.fetch(ctx, args))).toEqual(NEW);
    expect(events).toMatchObject([{ get: "miss", put: "replaced" }]);
    expect(await act((ctx) => values.fetchEntry(ctx, args))).toMatchObject({ status: "hit" });
    expect(upstream.runs).toBe(1);
  });

  test("is none for peek", async () => {
    const { act, cache } = await createUpgraded();
    expect(await act((ctx) => cache({ checkValue }).peek(ctx, args))).toBeNull();
    expect(await act((ctx) => cache().peek(ctx, args))).toMatchObject({ value: OLD });
  });

  test("is replaced in the background by fetch in a mutation, which has no value", async () => {
    const { t, cache, upstream, pass, events } = await createUpgraded();
    const values = cache({ checkValue });
    expect(await t.mutation((ctx) => values.fetch(ctx, args))).toBeNull();
    expect(events).toMatchObject([{ get: "miss" }]);
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
    expect(await t.mutation((ctx) => values.fetch(ctx, args))).toEqual(NEW);
  });

  test("is replaced once by the fetches of one mutation, also where it is stale", async () => {
    const { t, cache, upstream, pass } = await createUpgraded({ ttl: MINUTE });
    const values = cache({ checkValue, ttl: MINUTE, staleWhileRevalidate: HOUR });
    vi.setSystemTime(START + 2 * MINUTE);
    const fetched = await t.mutation((ctx) =>
      Promise.all([1, 2, 3].map(() => values.fetch(ctx, args))),
    );
    expect(fetched).toEqual([null, null, null]);
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
  });

  test("schedules nothing in a mutation while a failure is remembered", async () => {
    const { act, t, cache, upstream, pass } = await createUpgraded();
    const values = cache({ checkValue, errorTtl: MINUTE });
    upstream.answer = () => {
      throw new Error("down");
    };
    await expect(act((ctx) => values.fetch(ctx, args))).rejects.toThrow("down");
    expect(await t.mutation((ctx) => values.fetch(ctx, args))).toBeNull();
    await pass(SECOND);
    expect(upstream.runs).toBe(1);
  });

  test("is not served while it is stale, and a caller waits instead", async () => {
    const { act, cache } = await createUpgraded({ ttl: MINUTE });
    vi.setSystemTime(START + 2 * MINUTE);
    const values = cache({ checkValue, ttl: MINUTE, staleWhileRevalidate: HOUR });
    expect(await act((ctx) => values.fetchEntry(ctx, args))).toMatchObject({
      value: NEW,
      status: "filled",
    });
  });

  test.each([0, HOUR])(
    "is not served in place of an error, with an errorTtl of %s",
    async (errorTtl) => {
      const { act, cache, upstream } = await createUpgraded({ ttl: MINUTE });
      vi.setSystemTime(START + 2 * MINUTE);
      upstream.answer = () => {
        throw new Error("down");
      };
      const values = cache({ checkValue, staleIfError: HOUR, errorTtl });
      for (let call = 0; call < 2; call++) {
        await expect(act((ctx) => values.fetch(ctx, args))).rejects.toThrow("down");
      }
    },
  );

  test("is not handed to those who waited while an older release filled: one of them fills anew", async () => {
    const { act, cache, upstream, pass, slowly } = createApp();
    slowly(5 * SECOND);
    const older = act((ctx) => cache().fetch(ctx, args));
    await pass(SECOND);
    const values = cache({ checkValue: (value) => value !== 1 });
    const fetches = Promise.all(
      Array.from({ length: 20 }, () => act((ctx) => values.fetchEntry(ctx, args))),
    );
    await pass(30 * SECOND);
    expect(await older).toBe(1);
    const fetched = await fetches;
    expect(fetched.map(({ value }) => value)).toEqual(new Array(20).fill(2));
    expect(upstream.runs).toBe(2);
  });

  test("is not handed on within one context either", async () => {
    const { act, cache, upstream, pass, slowly } = createApp();
    slowly(SECOND);
    const both = act((ctx) =>
      Promise.all([
        cache().fetch(ctx, args),
        cache({ checkValue: (value) => value !== 1 }).fetch(ctx, args),
      ]),
    );
    await pass(10 * SECOND);
    expect(await both).toEqual([1, 2]);
    expect(upstream.runs).toBe(2);
  });

  test("in a value too large for a document is found too", async () => {
    const { act, cache, t } = createApp();
    const large = { text: "x".repeat(2_000_000) };
    await t.mutation((ctx) => cache().put(ctx, args, large));
    const values = cache({ checkValue });
    expect(await act((ctx) => values.peek(ctx, args))).toBeNull();
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(1);
  });
});

describe("a value that was just computed and that checkValue refuses", () => {
  const never = { checkValue: () => false };

  test("is its caller's, is not stored, and is said once (guarantees 7 and 8)", async () => {
    const { act, cache, events, stored } = createApp();
    const values = cache(never);
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(1);
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(2);
    expect(events.at(-1)).toMatchObject({ put: "skipped", reason: "checkValue returned false" });
    expect((await stored()).values).toEqual([]);
    expect(vi.mocked(console.warn).mock.calls).toEqual([
      [expect.stringMatching(/checkValue.*refuses/)],
    ]);
  });

  test("serves equal calls of one tick, so the action runs once for them", async () => {
    const { act, cache, upstream } = createApp();
    const values = cache(never);
    const fetched = await act((ctx) =>
      Promise.all([1, 2, 3].map(() => values.fetchEntry(ctx, args))),
    );
    expect(fetched.map(({ value, status }) => [value, status])).toEqual([
      [1, "filled"],
      [1, "coalesced"],
      [1, "coalesced"],
    ]);
    expect(upstream.runs).toBe(1);
  });

  test("is not run for one waiter after another", async () => {
    const { act, cache, pass, slowly } = createApp();
    slowly(SECOND);
    const values = cache(never);
    const fetches = Promise.all([1, 2, 3, 4].map(() => act((ctx) => values.fetch(ctx, args))));
    await pass(4 * SECOND);
    expect((await fetches).sort()).toEqual([1, 2, 3, 4]);
  });

  test("is put nonetheless, since who puts it asked for that", async () => {
    const { act, cache, stored } = createApp();
    await act((ctx) => cache(never).put(ctx, args, 1));
    expect((await stored()).values).toHaveLength(1);
  });

  test("is not stored by a refresher either", async () => {
    const app = createApp({
      "./refresh.ts": () => Promise.resolve({ values: refresher(() => cache) }),
    });
    const reference = makeFunctionReference<"action">("refresh:values") as never;
    const cache = app.cache({ ...never, refresher: reference });
    await app.t.mutation((ctx) => cache.refresh(ctx, args));
    await app.pass(SECOND);
    expect(app.upstream.runs).toBe(1);
    expect((await app.stored()).values).toEqual([]);
  });
});

describe("a checkValue that fails loses nothing, and is said once (guarantees 7 and 8)", () => {
  const broken: [string, (value: unknown) => unknown, RegExp][] = [
    [
      "throws",
      () => {
        throw new Error("a bug");
      },
      /a bug.*true or false/,
    ],
    ["is async", () => Promise.reject(new Error("later")), /neither true nor false.*true or false/],
    ["returns no boolean", () => 1, /neither true nor false/],
  ];

  test.each(broken)("one that %s", async (_, check, message) => {
    const { act, t, cache, pass } = await createUpgraded();
    const values = cache({ checkValue: check as never });
    expect(await act((ctx) => values.fetch(ctx, args))).toEqual(NEW);
    expect(await act((ctx) => values.fetch(ctx, args))).toEqual(NEW);
    expect(await act((ctx) => values.peek(ctx, args))).toBeNull();
    expect(await t.mutation((ctx) => values.fetch(ctx, args))).toBeNull();
    await pass(SECOND);
    const said = vi.mocked(console.warn).mock.calls.map(([text]) => text as string);
    expect(said.filter((text) => /`checkValue` fails/.test(text))).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test("what is stored is left to others", async () => {
    const { act, cache } = await createUpgraded();
    await act((ctx) => cache({ checkValue: () => 1 as never }).fetch(ctx, args));
    expect(await act((ctx) => cache().peek(ctx, args))).toMatchObject({ value: OLD });
  });
});

test("checkValue gets a copy, which it may change (guarantee 9)", async () => {
  const { act, cache, t } = createApp();
  const values = cache({
    checkValue: (value) => {
      (value as { list: number[] }).list.push(0);
      return true;
    },
  });
  await t.mutation((ctx) => values.put(ctx, args, { list: [1] }));
  expect(await act((ctx) => values.fetch(ctx, args))).toEqual({ list: [1] });
  expect((await act((ctx) => values.peek(ctx, args)))?.value).toEqual({ list: [1] });
  expect(await t.mutation((ctx) => values.fetch(ctx, args))).toEqual({ list: [1] });
});
