import { describe, expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { modules, schema } from "../test.js";
import { component, createApp } from "../testing/app.js";
import { withoutClock } from "../testing/clock.js";
import { createLocked, TTL } from "../testing/locked.js";
import { virtualTime } from "../testing/time.js";
import { Lock } from "./index.js";

const START = 1_000_000;

virtualTime(START);

const LOST = { data: { code: "LOCK_LOST" } };

describe("a lock", () => {
  test("has one owner, until that releases it", async () => {
    const { acquire, release, write } = createLocked();
    const token = await acquire();
    expect(token).toEqual(expect.any(String));
    expect(await acquire()).toBeNull();
    expect(await write(token!)).toBe("written");
    expect(await release(token!)).toBe(true);
    expect(await acquire()).not.toBe(token);
  });

  test("has another owner for another key, and for another name", async () => {
    const { acquire, t } = createLocked();
    const other = new Lock(component, { name: "other" });
    const tokens = [
      await acquire("a"),
      await acquire("b"),
      await t.mutation((ctx) => other.acquire(ctx, "a")),
    ];
    expect(tokens).not.toContain(null);
    expect(new Set(tokens).size).toBe(3);
  });

  test("is released by its owner's token alone", async () => {
    const { acquire, release, write, t } = createLocked();
    const token = (await acquire())!;
    const otherKey = (await acquire("b"))!;
    const other = new Lock(component, { name: "other" });
    expect(await release(otherKey)).toBe(false);
    expect(await release("nonsense")).toBe(false);
    expect(await release(token, "b")).toBe(false);
    expect(await t.mutation((ctx) => other.release(ctx, "a", token))).toBe(false);
    expect(await write(token)).toBe("written");
    expect(await write(otherKey, "b")).toBe("written");
  });

  test("is released once", async () => {
    const { acquire, release } = createLocked();
    const token = (await acquire())!;
    expect(await release(token)).toBe(true);
    expect(await release(token)).toBe(false);
    const next = (await acquire())!;
    expect(await release(token)).toBe(false);
    expect(await release(next)).toBe(true);
  });

  test("lapses when its ttl has passed: it is free, and its owner's no more", async () => {
    const { acquire, release, write } = createLocked();
    const token = (await acquire())!;
    vi.setSystemTime(START + TTL - 1);
    expect(await acquire()).toBeNull();
    expect(await write(token)).toBe("written");
    vi.setSystemTime(START + TTL);
    await expect(write(token)).rejects.toMatchObject(LOST);
    expect(await release(token)).toBe(false);
    expect(await acquire()).not.toBeNull();
  });

  test("that has lapsed has its next owner's token, and no other", async () => {
    const { acquire, release, write } = createLocked();
    const token = (await acquire())!;
    vi.setSystemTime(START + TTL);
    const next = (await acquire())!;
    await expect(write(token)).rejects.toMatchObject(LOST);
    expect(await release(token)).toBe(false);
    expect(await write(next)).toBe("written");
  });

  test("is not taken over on the word of who watched another owner's, of the same deadline", async () => {
    const { acquire, release, write, t } = createLocked();
    const watched = { token: (await acquire())!, deadline: START + TTL };
    await release(watched.token);
    const next = (await acquire())!;
    const request = { name: "billing", key: "a", ttl: TTL, watched };
    const answer = await t.mutation(component.locks.acquire, request);
    expect(answer).toMatchObject({ kind: "held", token: next, deadline: watched.deadline });
    expect(await write(next)).toBe("written");
  });

  test("holds for a minute by default", async () => {
    const { t, check } = createLocked();
    await t.mutation((ctx) => new Lock(component, { name: "billing" }).acquire(ctx, "a"));
    expect(await check()).toMatchObject({ expiresAt: START + MINUTE });
  });
});

describe("in one mutation", () => {
  test("a lock is released and acquired again", async () => {
    const { lock, acquire, write, t } = createLocked();
    const token = (await acquire())!;
    const next = await t.mutation(async (ctx) => {
      expect(await lock.release(ctx, "a", token)).toBe(true);
      return await lock.acquire(ctx, "a");
    });
    await expect(write(token)).rejects.toMatchObject(LOST);
    expect(await write(next!)).toBe("written");
  });

  test("a lock is acquired, relied on and released", async () => {
    const { lock, t, stored } = createLocked();
    await t.mutation(async (ctx) => {
      const token = (await lock.acquire(ctx, "a"))!;
      expect(await lock.acquire(ctx, "a")).toBeNull();
      await lock.assertHeld(ctx, "a", token);
      expect(await lock.release(ctx, "a", token)).toBe(true);
      await expect(lock.assertHeld(ctx, "a", token)).rejects.toMatchObject(LOST);
    });
    expect((await stored()).locks).toEqual([]);
  });

  test("that rolls back, nothing is acquired and nothing released", async () => {
    const { lock, acquire, write, t } = createLocked();
    const kept = (await acquire("b"))!;
    const rolledBack = t.mutation(async (ctx) => {
      expect(await lock.acquire(ctx, "a")).not.toBeNull();
      expect(await lock.release(ctx, "b", kept)).toBe(true);
      throw new Error("rolled back");
    });
    await expect(rolledBack).rejects.toThrow("rolled back");
    expect(await acquire("a")).not.toBeNull();
    expect(await write(kept, "b")).toBe("written");
  });

  test("assertHeld rolls back what was written before it", async () => {
    const { lock, acquire, cache, release, t, stored } = createLocked();
    const token = (await acquire())!;
    await release(token);
    const writing = t.mutation(async (ctx) => {
      await cache().put(ctx, { id: 1 }, 1);
      await lock.assertHeld(ctx, "a", token);
    });
    await expect(writing).rejects.toMatchObject(LOST);
    expect((await stored()).values).toEqual([]);
  });
});

describe("check and list", () => {
  test("tell since when and until when a lock is held, and never its token", async () => {
    const { acquire, check, list } = createLocked();
    expect(await check()).toBeNull();
    expect(await list()).toEqual([]);
    await acquire("b");
    vi.setSystemTime(START + 10);
    await acquire("a");
    const a = { key: "a", acquiredAt: START + 10, expiresAt: START + 10 + TTL };
    const b = { key: "b", acquiredAt: START, expiresAt: START + TTL };
    expect(await check()).toEqual(a);
    expect(await list()).toEqual([a, b]);
  });

  test("work in each context, and list this name's locks only, behind a key", async () => {
    const { lock, acquire, act, t } = createLocked();
    await t.mutation((ctx) => new Lock(component, { name: "other" }).acquire(ctx, "c"));
    for (const key of ["a", "b", "c"]) await acquire(key);
    const read = async (ctx: Parameters<Lock["list"]>[0]) => {
      const listed = await lock.list(ctx, { after: "a" });
      return [(await lock.check(ctx, "a"))?.key, ...listed.map(({ key }) => key)];
    };
    for (const run of [t.query, t.mutation, act]) {
      expect(await (run as typeof act)(read)).toEqual(["a", "b", "c"]);
    }
  });

  test("list up to 1,000 locks", async () => {
    const { inComponent, list } = createLocked();
    await inComponent(async (ctx) => {
      for (let n = 0; n < 1001; n++) {
        const key = String(n).padStart(4, "0");
        await ctx.db.insert("locks", { name: "billing", key, ttl: TTL, deadline: START });
      }
    });
    const listed = await list();
    expect(listed).toHaveLength(1000);
    expect(await list(listed.at(-1)!.key)).toMatchObject([{ key: "1000" }]);
  });

  test("and what waiters poll read no clock, so a lock that has lapsed may still be there", async () => {
    const app = createApp();
    const clockless = withoutClock(modules, "./component/locks.ts", ["check", "list", "poll"]);
    app.t.registerComponent("actionCache", schema, clockless);
    const { lock, acquire, check, list, act, pass } = createLocked(app);
    await acquire();
    const waiting = act((ctx) => lock.acquire(ctx, "a", { wait: SECOND }));
    await pass(SECOND);
    expect(await waiting).toBeNull();
    vi.setSystemTime(START + HOUR);
    expect(await check()).toMatchObject({ expiresAt: START + TTL });
    expect(await list()).toHaveLength(1);
  });
});

test("a cache that uses no lock pays nothing: no call, and no document", async () => {
  const { act, cache, observer } = createApp();
  const calls: string[] = [];
  observer.failCall = (address) => void calls.push(address);
  const fetch = () => act((ctx) => cache().fetch(ctx, { id: 1 }));
  await fetch();
  await fetch();
  const touched = observer.accesses.map((access) =>
    access.kind === "range" ? access.index : access.table,
  );
  expect(calls).not.toEqual([]);
  expect(touched).not.toEqual([]);
  expect([...calls, ...touched].filter((name) => name.includes("lock"))).toEqual([]);
});
