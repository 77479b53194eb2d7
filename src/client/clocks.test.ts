/** Waiting goes by timers that have rung: a clock that stands or jumps delays nobody. */
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { heartbeat } from "../shared/engine/heartbeat.js";
import { DAY, HOUR, MINUTE, SECOND } from "../shared/time.js";

const START = 10 * DAY;
const args = { place: "Berlin" };

virtualTime(START, { quietly: true });

/** A clock of the test's own, in place of the one that goes with the timers. */
function setClock(now: () => number) {
  vi.spyOn(Date, "now").mockImplementation(now);
}
const CLOCKS: [string, (real: () => number) => () => number][] = [
  [
    "stands",
    (real) =>
      (
        (at) => () =>
          at
      )(real()),
  ],
  ["was set back by an hour", (real) => () => real() - HOUR],
  ["has jumped by a day", (real) => () => real() + DAY],
];

describe.each(CLOCKS)("while the clock %s", (_, clock) => {
  test("a waiter gets the value soon after the fill has ended", async () => {
    const app = createApp();
    const cache = app.cache();
    app.slowly(10 * SECOND);
    const real = Date.now.bind(Date);
    const filling = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(SECOND);
    let answered = false;
    const waiting = app.act((ctx) => cache.fetch(ctx, args));
    void waiting.then(() => (answered = true));
    await app.pass(SECOND);
    setClock(clock(real));
    app.observer.reset();
    await app.pass(8 * SECOND);
    expect(answered).toBe(false);
    // Neither polls without a pause, nor sets thousands of timers.
    expect(app.observer.calls).toBeLessThan(15);
    expect(vi.getTimerCount()).toBeLessThan(10);
    await app.pass(5 * SECOND);
    expect(answered).toBe(true);
    expect(await Promise.all([filling, waiting])).toEqual([1, 1]);
  });

  test("a crashed fill is taken over within 30 s (guarantee 1)", async () => {
    const app = createApp();
    const cache = app.cache();
    const real = Date.now.bind(Date);
    app.slowly(HOUR);
    const { crash } = app.crashable((ctx) => cache.fetch(ctx, args));
    await app.pass(SECOND);
    app.slowly(100);
    const waiting = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(SECOND);
    setClock(clock(real));
    crash();
    await app.pass(30 * SECOND);
    expect(await waiting).toBe(2);
    // Taken over, and not run by its waiter beside the cache.
    expect((await app.t.query((ctx) => cache.peek(ctx, args)))?.value).toBe(2);
  });

  test("a live fill keeps its lease, however long it takes (guarantee 1)", async () => {
    const app = createApp();
    const cache = app.cache();
    const real = Date.now.bind(Date);
    // A clock that jumps by a day ends a lease by the clock; from then on it holds.
    setClock(clock(real));
    app.slowly(2 * MINUTE);
    const filling = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(SECOND);
    const waiting = Array.from({ length: 5 }, () => app.act((ctx) => cache.fetch(ctx, args)));
    await app.pass(3 * MINUTE);
    expect(await Promise.all([filling, ...waiting])).toEqual(new Array(6).fill(1));
    expect(app.upstream.runs).toBe(1);
  });
});

test.each([-5 * SECOND, 5 * SECOND])(
  "two callers whose clocks are %i ms apart run the action once (guarantee 1)",
  async (apart) => {
    const app = createApp();
    const cache = app.cache({ ttl: HOUR });
    const real = Date.now.bind(Date);
    let offset = 0;
    setClock(() => real() + offset);
    app.slowly(MINUTE);
    const one = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(SECOND);
    offset = apart;
    const other = app.act((ctx) => cache.fetch(ctx, args));
    // The clock is now one's, now the other's.
    for (let n = 0; n < 140; n++) {
      offset = n % 2 ? 0 : apart;
      await app.pass(500);
    }
    expect(await Promise.all([one, other])).toEqual([1, 1]);
    expect(app.upstream.runs).toBe(1);
  },
);

describe("a waiter is late by 0.7 of the time that the fill has run at most, and by 5 s", () => {
  const POLL_MS = 150;
  test.each([200, SECOND, 10 * SECOND, MINUTE])("a fill of %i ms", async (fillMs) => {
    for (const lastFillMs of [0, 19 * SECOND]) {
      const app = createApp();
      const cache = app.cache();
      app.slowly(lastFillMs);
      if (lastFillMs > 0) {
        const first = app.act((ctx) => cache.fetch(ctx, args));
        await app.pass(20 * SECOND);
        await first;
      }
      app.slowly(fillMs);
      const filling = app.act((ctx) => cache.fetch(ctx, args, { ttl: 1 }));
      await app.pass(20);
      let answeredAt = Infinity;
      void app
        .act((ctx) => cache.fetch(ctx, args, { ttl: 1 }))
        .then(() => (answeredAt = Date.now()));
      let endedAt = Infinity;
      void filling.then(() => (endedAt = Date.now()));
      await app.pass(2 * fillMs + SECOND);
      expect(answeredAt - endedAt).toBeLessThanOrEqual(
        Math.min(0.7 * fillMs, 5 * SECOND) + POLL_MS,
      );
    }
  });

  test("a fill of an hour costs polls that grow with its logarithm, then one every few seconds", async () => {
    const app = createApp();
    const cache = app.cache();
    app.slowly(MINUTE);
    void app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(10);
    const waiting = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(10);
    const polls = async (ms: number) => {
      const before = app.observer.counts.queries;
      await app.pass(ms);
      return app.observer.counts.queries - before;
    };
    expect(await polls(SECOND)).toBeLessThanOrEqual(7);
    expect(await polls(9 * SECOND)).toBeLessThanOrEqual(7);
    expect(await polls(40 * SECOND)).toBeLessThanOrEqual(12);
    await app.pass(30 * SECOND);
    expect(await waiting).toBe(1);
  });

  test("a poll does not read the entry while its fill runs", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.t.mutation((ctx) => cache.put(ctx, args, "x".repeat(100_000)));
    app.slowly(5 * SECOND);
    void app.act((ctx) => cache.fetch(ctx, args, { ttl: 0 }));
    await app.pass(10);
    const waiting = app.act((ctx) => cache.fetch(ctx, args, { ttl: 0 }));
    await app.pass(10);
    app.observer.reset();
    await app.pass(4 * SECOND);
    expect(app.observer.counts.queries).toBeGreaterThan(3);
    expect(app.observer.counts.bytesRead).toBeLessThan(app.observer.counts.queries * 500);
    await app.pass(5 * SECOND);
    await waiting;
  });

  test("one that a forced refresh has queued is run by who waits for it, rather than waited for", async () => {
    const app = createApp();
    const cache = app.cache();
    app.slowly(3 * SECOND);
    const first = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(100);
    const waiting = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(100);
    // The queue of scheduled functions is full: what is scheduled never begins.
    const claimed = await app.stored();
    expect(claimed.fills).toHaveLength(1);
    await app.t.mutation((ctx) => cache.fetch(ctx, args, { force: true }));
    await app.pass(10 * SECOND);
    expect(await first).toBe(1);
    expect(await waiting).toBe(2);
    expect(app.upstream.runs).toBe(2);
  });
});

describe("a heartbeat", () => {
  /** Holds a lease for so long, with timers that ring so early by the clock. */
  async function beats(holdMs: number, earlyMs: number) {
    const real = Date.now.bind(Date);
    setClock(() => real() - earlyMs);
    let count = 0;
    const keep = heartbeat((tokens) => {
      count += 1;
      return Promise.resolve(tokens);
    });
    let end = () => {};
    const timersBefore = vi.getTimerCount();
    const held = keep("token", () => new Promise<void>((resolve) => (end = resolve)));
    await vi.advanceTimersByTimeAsync(holdMs);
    end();
    await held;
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(timersBefore);
    const during = count;
    await vi.advanceTimersByTimeAsync(MINUTE);
    return { during, after: count - during };
  }

  test.each([0, 1, HOUR])(
    "beats when a timer has rung, though it rings %i ms early",
    async (ms) => {
      expect(await beats(MINUTE, ms)).toEqual({ during: 10, after: 0 });
    },
  );

  test("is not left running when the action returns", async () => {
    const app = createApp();
    const cache = app.cache();
    app.slowly(10 * SECOND);
    const filling = app.act((ctx) => cache.fetch(ctx, args));
    await app.pass(11 * SECOND);
    await filling;
    app.observer.reset();
    await app.pass(MINUTE);
    expect(app.observer.calls).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
