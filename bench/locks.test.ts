import { componentsGeneric, type GenericDataModel, type GenericMutationCtx } from "convex/server";
import { describe, expect, test } from "vitest";
import type { internal } from "../src/component/_generated/api.js";
import schema from "../src/component/schema.js";
import { MINUTE } from "../src/shared/time.js";
import { component, createApp } from "../src/testing/app.js";
import { createLock, TTL } from "../src/testing/locked.js";
import type { Access } from "../src/testing/syscalls.js";
import { virtualTime } from "../src/testing/time.js";
import { conflict } from "./conflicts.js";

type Mutation = (ctx: GenericMutationCtx<GenericDataModel>) => Promise<unknown>;

virtualTime(1_000_000);

const lock = createLock();
/** Our internal functions too. */
const { maintenance } = componentsGeneric().actionCache as unknown as typeof internal;
const UNDO = "to be rolled back";

/** An app in which each mutation begins with the same locks: what it reads and writes. */
async function createTraced() {
  const { t, observer, inComponent } = createApp();
  const held: Record<string, string> = {};
  for (const key of ["b", "d"]) {
    held[key] = (await t.mutation((ctx) => lock.acquire(ctx, key)))!;
  }
  await inComponent((ctx) =>
    ctx.db.insert("locks", { name: lock.name, key: "lapsed", ttl: TTL, deadline: 0 }),
  );
  const stored = await inComponent((ctx) => ctx.db.query("locks").collect());
  return async (mutation: (held: Record<string, string>) => Mutation): Promise<Access[]> => {
    observer.reset();
    observer.documents = new Map(stored.map((row) => [row._id, row]));
    const undone = t.mutation(async (ctx) => {
      await mutation(held)(ctx);
      throw new Error(UNDO);
    });
    await expect(undone).rejects.toThrow(UNDO);
    return observer.accesses;
  };
}

/** What a mutation may do with the lock of a free key, and with that of a held one. */
const STEPS: [string, "free" | "held", (key: string, token?: string) => Mutation][] = [
  ["acquire", "free", (key) => (ctx) => lock.acquire(ctx, key)],
  ["acquire in vain", "held", (key) => (ctx) => lock.acquire(ctx, key)],
  [
    "take over",
    "held",
    (key, token) => (ctx) =>
      ctx.runMutation(component.locks.acquire, {
        ...{ name: lock.name, key, ttl: TTL },
        watched: { token: token!, deadline: Date.now() + TTL },
      }),
  ],
  ["release", "held", (key, token) => (ctx) => lock.release(ctx, key, token!)],
  ["assertHeld", "held", (key, token) => (ctx) => lock.assertHeld(ctx, key, token!)],
  [
    "heartbeat",
    "held",
    (_, token) => (ctx) => ctx.runMutation(component.locks.heartbeat, { tokens: [token!] }),
  ],
];

describe("locks of different keys never conflict (guarantee 6)", () => {
  const pairs = STEPS.flatMap((one) => STEPS.map((other) => ({ one, other })));

  test.each(pairs)("$one.0 and $other.0", async ({ one, other }) => {
    const traced = await createTraced();
    const first = one[1] === "free" ? "a" : "b";
    const second = other[1] === "free" ? "c" : "d";
    const some = await traced((held) => one[2](first, held[first]));
    const others = await traced((held) => other[2](second, held[second]));
    expect(some.length * others.length).toBeGreaterThan(0);
    expect(conflict(schema, some, others)).toBe(false);
  });
});

describe("of one key, whatever must not commit side by side conflicts", () => {
  test("two who acquire it", async () => {
    const traced = await createTraced();
    const acquiring = await traced(() => (ctx) => lock.acquire(ctx, "a"));
    expect(conflict(schema, acquiring, acquiring)).toBe(true);
  });

  test.each(["take over", "release"])("a mutation that asserts it, and who %s it", async (step) => {
    const traced = await createTraced();
    const [, , ends] = STEPS.find(([name]) => name === step)!;
    const asserting = await traced((held) => (ctx) => lock.assertHeld(ctx, "b", held.b!));
    expect(conflict(schema, asserting, await traced((held) => ends("b", held.b)))).toBe(true);
  });
});

test("an owner that asserts its lock writes nothing of it, and reads its row alone", async () => {
  const traced = await createTraced();
  const accesses = await traced((held) => (ctx) => lock.assertHeld(ctx, "b", held.b!));
  expect(accesses).toMatchObject([{ kind: "get", table: "locks" }]);
});

test("housekeeping does not conflict with a lock that it leaves alone (guarantee 6)", async () => {
  const traced = await createTraced();
  const until = Date.now() - MINUTE;
  const purging = await traced(
    () => (ctx) => ctx.runMutation(maintenance.purgeOutcomes, { table: "locks", until }),
  );
  expect(purging).toContainEqual(expect.objectContaining({ kind: "write", table: "locks" }));
  for (const [name, state, step] of STEPS) {
    const key = state === "free" ? "a" : "b";
    const accesses = await traced((held) => step(key, held[key]));
    expect(conflict(schema, purging, accesses), name).toBe(false);
  }
});
