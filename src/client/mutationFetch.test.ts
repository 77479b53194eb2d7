/** `fetch` in a mutation: what it gives, what it schedules, and what that costs. */
import { expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 1_000_000;

virtualTime(START, { quietly: true });

/** Runs something in a mutation, and counts its nested calls. */
async function countNested(
  app: ReturnType<typeof createApp>,
  work: (ctx: Parameters<ReturnType<typeof app.cache>["remove"]>[0]) => Promise<unknown>,
) {
  let nested = 0;
  const result = await app.t.mutation((ctx) => {
    const counted = (call: unknown) =>
      ((...args: never[]) => {
        nested += 1;
        return (call as (...args: never[]) => unknown)(...args);
      }) as never;
    return work({ runQuery: counted(ctx.runQuery), runMutation: counted(ctx.runMutation) });
  });
  return { nested, result };
}

test("fetches of one tick cost one nested call, whatever each of them finds", async () => {
  const app = createApp();
  const cache = app.cache({ ttl: MINUTE, staleWhileRevalidate: HOUR });
  for (let n = 0; n < 30; n++) await app.t.mutation((ctx) => cache.put(ctx, { n }, n));
  vi.setSystemTime(START + 2 * MINUTE);
  for (let n = 20; n < 30; n++) await app.t.mutation((ctx) => cache.put(ctx, { n }, n));
  const { nested, result } = await countNested(app, (ctx) =>
    Promise.all(Array.from({ length: 50 }, (_, n) => cache.fetch(ctx as never, { n }))),
  );
  expect(nested).toBe(1);
  expect(result).toEqual(Array.from({ length: 50 }, (_, n) => (n < 30 ? n : null)));
  expect(app.events.map(({ get }) => get)).toEqual([
    ...new Array<string>(20).fill("stale"),
    ...new Array<string>(10).fill("hit"),
    ...new Array<string>(20).fill("miss"),
  ]);
  await app.pass(SECOND);
  expect(app.upstream.runs).toBe(40);
});

test("equal ones schedule one fill", async () => {
  const app = createApp();
  const cache = app.cache();
  await app.t.mutation((ctx) => Promise.all([1, 2, 3].map(() => cache.fetch(ctx, {}))));
  await app.pass(SECOND);
  expect(app.upstream.runs).toBe(1);
});

test("a page counts what it moves itself, not what the mutation has read before", async () => {
  const app = createApp();
  const cache = app.cache();
  const large = app.cache({ name: "large" });
  for (let n = 0; n < 4; n++) {
    await app.t.mutation((ctx) => large.put(ctx, { n }, "x".repeat(1_500_000)));
  }
  for (let n = 0; n < 20; n++) await app.t.mutation((ctx) => cache.put(ctx, { n }, n));
  const { nested } = await countNested(app, async (ctx) => {
    for (let n = 0; n < 4; n++) await large.peek(ctx, { n });
    await Promise.all(Array.from({ length: 20 }, (_, n) => cache.fetch(ctx as never, { n })));
    return null;
  });
  expect(nested).toBe(4 + 1);
});

test("where the cache fails there is no value, and the mutation goes on", async () => {
  const app = createApp();
  const cache = app.cache();
  await app.t.mutation((ctx) => cache.put(ctx, {}, 1));
  app.observer.fault = (op) => {
    if (op === "1.0/queryStreamNext") throw new Error("disk full");
  };
  expect(await app.t.mutation((ctx) => cache.fetch(ctx, {}))).toBeNull();
  expect(console.warn).toHaveBeenCalledWith(expect.stringMatching(/a fetch failed.*disk full/));
});

test("a `key` function that fails gives no value either, and is said", async () => {
  const app = createApp();
  const cache = app.cache({ key: () => undefined as never });
  expect(await app.t.mutation((ctx) => cache.fetch(ctx, {}))).toBeNull();
  expect(console.warn).toHaveBeenCalledWith(expect.stringMatching(/`key` fails/));
});
