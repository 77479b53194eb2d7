/** Waiting for a lock goes by timers that have rung, as waiting for a fill does. */
import { describe, expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { sleep } from "../shared/engine/alarm.js";
import { LeaseWatch } from "../shared/engine/leaseWatch.js";
import { createLocked, TTL } from "../testing/locked.js";
import { virtualTime } from "../testing/time.js";

const START = 1_000_000;

virtualTime(START);

describe("acquire in an action", () => {
  test("does not wait unless it is to", async () => {
    const { lock, acquire, act, observer } = createLocked();
    await acquire();
    observer.reset();
    expect(await act((ctx) => lock.acquire(ctx, "a"))).toBeNull();
    expect(observer.counts).toMatchObject({ mutations: 1, queries: 0, documentsWritten: 0 });
  });

  test("gets a lock soon after it was released", async () => {
    const { acquire, release, waitFor, pass } = createLocked();
    const token = (await acquire())!;
    let acquired: string | null | undefined;
    void waitFor(MINUTE).then((next) => (acquired = next));
    await pass(5 * SECOND);
    expect(acquired).toBeUndefined();
    await release(token);
    await pass(5 * SECOND);
    expect(acquired).toEqual(expect.any(String));
  });

  test("gets a lock whose owner has crashed, within its ttl", async () => {
    const { acquire, waitFor, pass } = createLocked();
    await acquire();
    const acquiring = waitFor(TTL);
    await pass(TTL + SECOND);
    expect(await acquiring).toEqual(expect.any(String));
  });

  test("gives up when its wait is over", async () => {
    const { hold, waitFor, pass } = createLocked();
    const { held, working } = hold();
    await pass(100);
    let acquired: string | null | undefined;
    void waitFor(30 * SECOND).then((token) => (acquired = token));
    await pass(29 * SECOND);
    expect(acquired).toBeUndefined();
    await pass(SECOND);
    expect(acquired).toBeNull();
    held.end();
    await working;
  });

  test("waits by queries, which the query cache answers, and ever less often", async () => {
    const { acquire, waitFor, pass, observer } = createLocked();
    await acquire();
    observer.reset();
    const acquiring = waitFor(TTL - SECOND);
    await pass(TTL);
    expect(await acquiring).toBeNull();
    expect(observer.counts.mutations).toBe(1);
    expect(observer.counts.queries).toBeLessThan(20);
    expect(observer.counts.documentsWritten).toBe(0);
  });

  test("gives the lock to one after the other, of many", async () => {
    const { lock, act, pass } = createLocked();
    let owners = 0;
    let done = 0;
    const work = async () => {
      expect(++owners).toBe(1);
      await sleep(SECOND);
      owners -= 1;
      done += 1;
    };
    const working = Array.from({ length: 8 }, () =>
      act((ctx) => lock.withLock(ctx, "a", work, { wait: HOUR })),
    );
    await pass(MINUTE);
    await Promise.all(working);
    expect(done).toBe(8);
  });

  test("takes over nothing that was released and acquired anew while it watched", async () => {
    const { acquire, release, waitFor, pass } = createLocked();
    // The new owner's deadline is the old one's, as the clock stands.
    vi.spyOn(Date, "now").mockImplementation(() => START);
    const token = (await acquire())!;
    const acquiring = waitFor(TTL + SECOND);
    await pass(TTL - SECOND);
    await release(token);
    expect(await acquire()).not.toBeNull();
    await pass(3 * SECOND);
    expect(await acquiring).toBeNull();
  });
});

test("a waiter takes nothing over before it has watched for a whole ttl, though the clock jumped", async () => {
  const { acquire, waitFor, pass } = createLocked();
  const real = Date.now.bind(Date);
  let ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
  await acquire();
  let acquired: string | null | undefined;
  ahead = 12 * SECOND;
  void waitFor(MINUTE).then((token) => (acquired = token));
  await pass(100);
  ahead = 0;
  await pass(18 * SECOND);
  expect(acquired).toBeUndefined();
  await pass(5 * SECOND);
  expect(acquired).toEqual(expect.any(String));
});

test("a waiter counts no more time than has passed: timers ring in whole ms", () => {
  for (let n = 0; n < 100; n++) {
    const watch = new LeaseWatch({ token: "a", deadline: 0, leaseMs: 1500.5 }, TTL);
    for (; !watch.isOver; watch.slept(watch.nextDelay())) {
      expect(watch.nextDelay() % 1).toBe(0);
    }
  }
});

type Clock = (real: () => number) => () => number;
const CLOCKS: [string, Clock][] = [
  ["stands", () => () => START],
  ["was set back by an hour", (real) => () => real() - HOUR],
  ["has jumped by a day", (real) => () => real() + 24 * HOUR],
];

describe.each(CLOCKS)("while the clock %s", (_, of) => {
  function setClock() {
    const clock = of(Date.now.bind(Date));
    vi.spyOn(Date, "now").mockImplementation(clock);
  }

  test("a crashed owner's lock is taken over within its ttl", async () => {
    const { acquire, waitFor, pass } = createLocked();
    await acquire();
    setClock();
    const acquiring = waitFor(TTL);
    await pass(TTL + SECOND);
    expect(await acquiring).toEqual(expect.any(String));
  });

  test("a live owner keeps its lock", async () => {
    const { hold, write, waitFor, pass } = createLocked();
    setClock();
    const { held, working } = hold();
    await pass(100);
    const acquiring = waitFor(10 * TTL);
    await pass(10 * TTL + SECOND);
    expect(await acquiring).toBeNull();
    expect(await write(held.token)).toBe("written");
    held.end();
    await working;
  });
});
