import { describe, expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { createLock, createLocked, TTL } from "../testing/locked.js";
import { virtualTime } from "../testing/time.js";

const START = 1_000_000;

virtualTime(START, { quietly: true });

describe("withLock", () => {
  test("gives the function the token, and its caller what that returns, and releases", async () => {
    const { lock, act, write, acquire } = createLocked();
    const value = await act((ctx) =>
      lock.withLock(ctx, "a", async (token) => [await acquire(), await write(token)]),
    );
    expect(value).toEqual([null, "written"]);
    expect(await acquire()).not.toBeNull();
    expect(console.warn).not.toHaveBeenCalled();
  });

  test.each([
    ["throws", () => expect.fail("no")],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("releases also if the function %s, and passes its error on", async (_, fn) => {
    const { lock, act, acquire } = createLocked();
    await expect(act((ctx) => lock.withLock(ctx, "a", fn))).rejects.toThrow("no");
    expect(await acquire()).not.toBeNull();
  });

  test("throws if the lock does not become free in time, and does not run the function", async () => {
    const { lock, acquire, act, pass } = createLocked();
    await acquire();
    const fn = vi.fn();
    const failing = act((ctx) => lock.withLock(ctx, "a", fn, { wait: 5 * SECOND }));
    const value = "5000 ms, in which 'a' did not become free";
    const refused = { data: { code: "LOCK_NOT_ACQUIRED", lock: "billing", value } };
    const expected = expect(failing).rejects.toMatchObject(refused);
    await pass(5 * SECOND);
    await expected;
    expect(fn).not.toHaveBeenCalled();
    expect(await acquire()).toBeNull();
  });

  test("by default waits long enough to outlast an owner that has crashed", async () => {
    const { lock, acquire, act, pass } = createLocked();
    await acquire();
    const working = act((ctx) => lock.withLock(ctx, "a", () => "done"));
    await pass(TTL + SECOND);
    expect(await working).toBe("done");
  });

  test.each([SECOND, TTL, HOUR])("beats often enough for a ttl of %i ms", async (ttl) => {
    const { act, pass, observer, acquire } = createLocked();
    let end = () => {};
    const work = () => new Promise<void>((resolve) => (end = resolve));
    const working = act((ctx) => createLock(ttl).withLock(ctx, "a", work));
    await pass(10);
    observer.reset();
    await pass(3 * ttl);
    // So often that two beats may be lost.
    expect(observer.counts.mutations).toBeGreaterThanOrEqual(9);
    expect(observer.counts.mutations).toBeLessThanOrEqual(10);
    expect(await acquire()).toBeNull();
    end();
    await working;
    expect(vi.getTimerCount()).toBe(0);
    expect(await acquire()).not.toBeNull();
  });

  test("keeps its lock though two beats are lost, and says so", async () => {
    const { hold, pass, observer, acquire } = createLocked();
    const { held, working } = hold();
    await pass(10);
    let failures = 2;
    observer.failCall = (address) => {
      if (address.includes("heartbeat") && failures-- > 0) throw new Error("the network is down");
    };
    await pass(TTL + SECOND);
    expect(failures).toBeLessThan(0);
    expect(await acquire()).toBeNull();
    held.end();
    await working;
    expect(console.warn).toHaveBeenCalledOnce();
    expect(console.warn).toHaveBeenCalledWith(
      expect.stringMatching(/^lock `billing`: a heartbeat failed: the network is down/),
    );
  });

  test("crashes: the lock is free after its ttl", async () => {
    const { lock, crashable, pass, acquire } = createLocked();
    const { crash } = crashable((ctx) => lock.withLock(ctx, "a", () => new Promise(() => {})));
    await pass(MINUTE);
    expect(await acquire()).toBeNull();
    crash();
    await pass(TTL);
    expect(await acquire()).not.toBeNull();
  });

  test("gives its caller the value though the lock was lost, and says so", async () => {
    const { hold, pass, acquire, check } = createLocked();
    const { held, working } = hold();
    await pass(10);
    vi.setSystemTime(START + HOUR);
    expect(await acquire()).not.toBe(held.token);
    const next = await check();
    held.end();
    expect(await working).toBe("done");
    expect(console.warn).toHaveBeenCalledWith(
      expect.stringMatching(/^lock `billing`: .*no longer held at the end.*`assertHeld`/),
    );
    // The next owner's lock stays.
    expect(await check()).toEqual(next);
  });

  test("gives its caller the value though the lock can't be released, and says so", async () => {
    const { lock, act, observer } = createLocked();
    observer.failCall = (address) => {
      if (address.includes("release")) throw new Error("the network is down");
    };
    expect(await act((ctx) => lock.withLock(ctx, "a", () => "done"))).toBe("done");
    expect(console.warn).toHaveBeenCalledWith(
      expect.stringMatching(/^lock `billing`: a lock could not be released: the network is down/),
    );
  });

  test("holds the lock again after a beat that came late, if nobody took it", async () => {
    const { hold, pass, write } = createLocked();
    const { held, working } = hold();
    await pass(10);
    vi.setSystemTime(START + HOUR);
    await expect(write(held.token)).rejects.toMatchObject({ data: { code: "LOCK_LOST" } });
    await pass(TTL / 2);
    expect(await write(held.token)).toBe("written");
    held.end();
    await working;
    expect(console.warn).not.toHaveBeenCalled();
  });
});
