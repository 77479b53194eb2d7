import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { seed, writeEntry, writeEntryInParts } from "../testing/seed.js";
import crons from "./crons.js";
import { QUIET_MS } from "./model/gc/due.js";
import { purgeOutcomes } from "./model/gc/purge.js";

const { purge } = component.crons;
const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

/** An app with a small entry for each of these times of expiry. */
async function createAppWith(...expiries: (number | undefined)[]) {
  const app = createApp();
  await app.inComponent(async (ctx) => {
    for (const [id, expiresAt] of expiries.entries()) {
      const expiry = expiresAt === undefined ? {} : { expiresAt };
      await writeEntry(ctx, { name: "a", args: { id }, value: id, ...expiry });
    }
  });
  const left = async () => {
    const { values, metadata } = await app.stored();
    const expiring = values.filter((row) => row.expiresAt !== undefined);
    expect(metadata.map(({ valueId }) => valueId)).toEqual(expiring.map(({ _id }) => _id));
    return values.map(({ value }) => value as number);
  };
  return { ...app, left };
}

describe("crons.purge", () => {
  test("deletes what expired five minutes ago, and nothing else", async () => {
    const end = START - QUIET_MS;
    const app = await createAppWith(end - 1, end, end + 1, undefined);
    expect(await app.t.mutation(purge, {})).toBeNull();
    await finishBackground(app);
    expect(await app.left()).toEqual([2, 3]);
  });

  test("deletes what expires by the time it is given", async () => {
    const app = await createAppWith(START - MINUTE, START, START + MINUTE);
    await app.t.mutation(purge, { expiresAt: START - MINUTE });
    await finishBackground(app);
    expect(await app.left()).toEqual([1, 2]);
    await app.t.mutation(purge, { expiresAt: START + MINUTE });
    await finishBackground(app);
    expect(await app.left()).toEqual([]);
  });

  test("deletes nothing for a time of 0", async () => {
    const app = await createAppWith(START - MINUTE);
    await app.t.mutation(purge, { expiresAt: 0 });
    await finishBackground(app);
    expect(await app.left()).toEqual([0]);
  });

  test("keeps an entry that never expires, however old", async () => {
    const app = await createAppWith(undefined);
    vi.setSystemTime(START + 10 * 365 * 24 * HOUR);
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.left()).toEqual([0]);
  });

  test("begins with what expired first", async () => {
    const app = await createAppWith(START - 1, START - 3, START - 2);
    const order = (await app.stored()).values.map(({ _id }) => _id);
    app.observer.reset();
    await app.t.mutation(purge, { expiresAt: START });
    const deleted = app.observer.accesses.flatMap((access) =>
      access.kind === "write" && access.table === "values" ? [access.id] : [],
    );
    expect(deleted).toEqual([order[1], order[2], order[0]]);
  });

  test("runs at least hourly", () => {
    const registered = Object.values(
      (crons as unknown as { crons: Record<string, { name: string; schedule: object }> }).crons,
    );
    const [job] = registered.filter(({ name }) => name === "crons:purge");
    expect(job?.schedule).toEqual({ type: "interval", hours: 1 });
  });

  test("takes an expiry whose entry is gone for no error, and deletes it", async () => {
    const error = vi.spyOn(console, "error");
    const app = await createAppWith(START - 2, START - 1);
    await app.inComponent(async (ctx) => {
      const row = await ctx.db.query("values").first();
      await ctx.db.delete("values", row!._id);
    });
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
    expect(error).not.toHaveBeenCalled();
  });

  test("takes an entry whose parts are gone for no error, and deletes it", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    await app.inComponent(async (ctx) => {
      const parts = ['["x","', 'y"]'];
      await writeEntryInParts(ctx, { name: "a", args: {}, parts, expiresAt: START - 1 });
      const part = await ctx.db.query("parts").first();
      await ctx.db.delete("parts", part!._id);
    });
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [], parts: 0 });
    expect(error).not.toHaveBeenCalled();
  });

  test("goes on behind an entry that can't be deleted, and deletes it when it can", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const app = await createAppWith(START - 4, START - 3, START - 2, START - 1);
    const stuck = (await app.stored()).values[1]!._id;
    app.observer.fault = (op, { id }) => {
      if (op === "1.0/remove" && id === stuck) throw new Error("no");
    };
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.left()).toEqual([1]);
    expect(error).toHaveBeenCalledOnce();
    app.observer.fault = () => {};
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.left()).toEqual([]);
  });

  test("gets past more stuck entries than a transaction has room for", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const app = createApp();
    const value = "x".repeat(MIB - 2048);
    const ids: string[] = [];
    await seed(app, { count: 40, bytesEach: MIB }, async (ctx, id) => {
      const entry = { name: "a", args: { id }, value, expiresAt: START - 1 };
      ids.push(await writeEntry(ctx, entry));
    });
    const stuck = new Set<unknown>(ids.slice(0, 30));
    app.observer.fault = (op, { id }) => {
      if (op === "1.0/remove" && stuck.has(id)) throw new Error("no");
    };
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    const left = await app.inComponent((ctx) => ctx.db.query("metadata").collect());
    expect(left.map(({ valueId }) => valueId)).toEqual([...stuck]);
  });
});

describe("a purge, at scale", () => {
  test("stays within transaction limits where documents are as large as can be", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    const value = "x".repeat(MIB - 2048);
    await seed(app, { count: 40, bytesEach: MIB }, (ctx, id) =>
      writeEntry(ctx, { name: "a", args: { id }, value, expiresAt: START - 1 }),
    );
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
    expect(error).not.toHaveBeenCalled();
  });
});

describe("a purge of fills", () => {
  test("keeps for a minute how a fill ended, and deletes it then", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache().fetch(ctx, { id: 1 }));
    expect(await app.stored()).toMatchObject({ fills: [{ state: "stored" }] });
    vi.setSystemTime(START + MINUTE + QUIET_MS - 1);
    await app.t.mutation(purge, {});
    await finishBackground(app);
    expect((await app.stored()).fills).toHaveLength(1);
    vi.setSystemTime(START + MINUTE + QUIET_MS);
    await app.t.mutation(purge, {});
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ fills: [], values: [{ value: 1 }] });
  });

  test("keeps a fill that runs, and deletes one that was left by its holder", async () => {
    const app = createApp();
    const requests = [{ name: "a", key: {}, force: false }];
    const [claimed] = await app.t.mutation(component.fills.claim, { requests });
    expect(claimed).toMatchObject({ kind: "granted" });
    vi.setSystemTime(START + 10 * SECOND);
    await app.t.mutation(purge, { expiresAt: START + HOUR });
    await finishBackground(app);
    expect((await app.stored()).fills).toMatchObject([{ state: "running" }]);
    vi.setSystemTime(START + 2 * MINUTE + QUIET_MS);
    await app.t.mutation(purge, {});
    await finishBackground(app);
    expect((await app.stored()).fills).toEqual([]);
  });
});

describe("a purge of locks", () => {
  const TTL = MINUTE;
  const request = (key: string) => ({ name: "a", key, ttl: TTL });

  test("keeps a lock for five minutes after it has lapsed, and deletes it then", async () => {
    const app = createApp();
    await app.t.mutation(component.locks.acquire, request("a"));
    vi.setSystemTime(START + TTL + MINUTE + QUIET_MS - 1);
    await app.t.mutation(purge, {});
    await finishBackground(app);
    expect((await app.stored()).locks).toHaveLength(1);
    vi.setSystemTime(START + TTL + MINUTE + QUIET_MS);
    await app.t.mutation(purge, {});
    await finishBackground(app);
    expect((await app.stored()).locks).toEqual([]);
  });

  test("spares one that was renewed since it was listed", async () => {
    const app = createApp();
    for (const key of ["a", "b"]) await app.t.mutation(component.locks.acquire, request(key));
    const [a, b] = (await app.stored()).locks;
    const page = { fills: [], failures: [], locks: [a!._id, b!._id], next: null };
    const until = START + HOUR;
    vi.setSystemTime(until);
    await app.t.mutation(component.locks.heartbeat, { tokens: [a!._id] });
    await app.inComponent(async (ctx) => {
      const stale = { ...ctx, runQuery: () => Promise.resolve(page as never) };
      await purgeOutcomes(stale, { table: "fills", until });
    });
    expect((await app.stored()).locks.map(({ key }) => key)).toEqual(["a"]);
  });

  test("deletes any number, a batch at a time", async () => {
    const app = createApp();
    await seed(app, { count: 600, bytesEach: 100 }, (ctx, n) =>
      ctx.db.insert("locks", { ...request(`${n}`), deadline: START - HOUR }),
    );
    await app.t.mutation(component.locks.acquire, request("live"));
    await app.t.mutation(purge, {});
    const jobs = await finishBackground(app);
    expect((await app.stored()).locks.map(({ key }) => key)).toEqual(["live"]);
    expect(jobs.filter((name) => name === "maintenance:purgeOutcomes")).toHaveLength(3);
  });

  test("is part of that of fills, and costs who uses no lock no call", async () => {
    const app = createApp();
    await app.t.mutation(purge, {});
    const jobs = await finishBackground(app);
    expect(jobs.filter((name) => name === "maintenance:purgeOutcomes")).toHaveLength(1);
    expect(jobs.filter((name) => name.includes("lock"))).toEqual([]);
  });
});
