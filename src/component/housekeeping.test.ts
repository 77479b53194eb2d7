/** What housekeeping deletes, keeps and never brings back. */
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { invalidateTags, removeAll, removeAllForTenant } from "../client/index.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { seed, writeEntry, writeTaggedEntry } from "../testing/seed.js";
import { deleteAll } from "./model/gc/batch.js";
import { listExpired } from "./model/gc/purge.js";

type PurgeJob = Parameters<typeof listExpired>[1];

const MIB = 1024 * 1024;

const START = 1_000_000;

virtualTime(START);

describe("what a clear removed does not come back (guarantee 3)", () => {
  test.each([1, 10])(
    "if it was put in the clear's own mutation, with a batchSize of %i",
    async (batchSize) => {
      for (const what of ["tenant's part of a name", "name"]) {
        const app = createApp();
        const cache = what === "name" ? app.cache() : app.cache().forTenant("acme");
        await app.t.mutation((ctx) => cache.put(ctx, { n: 0 }, "earlier"));
        await app.t.mutation(async (ctx) => {
          for (const n of [1, 2, 3]) await cache.put(ctx, { n }, "old");
          await cache.removeAllForName(ctx, { batchSize });
          await cache.put(ctx, { n: 4 }, "new");
          return null;
        });
        await finishBackground(app);
        for (let hour = 0; hour < 3; hour++) await keepHouse(app);
        const peek = (n: number) => app.t.query((ctx) => cache.peek(ctx, { n }));
        for (const n of [0, 1, 2, 3]) expect(await peek(n)).toBeNull();
        expect((await peek(4))?.value).toBe("new");
        expect(await app.stored()).toMatchObject({ values: [{ value: "new" }], invalidations: [] });
      }
    },
  );

  test("if its row can't be deleted for a while", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const app = createApp();
    const cache = app.cache({ tags: () => ["docs"] });
    for (const n of [1, 2, 3]) await app.act((ctx) => cache.fetch(ctx, { n }));
    const stuck = (await app.stored()).values[1]!._id;
    app.observer.fault = (op, { id }) => {
      if (op === "1.0/remove" && id === stuck) throw new Error("no");
    };
    await app.t.mutation((ctx) => invalidateTags(ctx, component, ["docs"]));
    for (let hour = 0; hour < 3; hour++) await keepHouse(app);
    expect(error).toHaveBeenCalled();
    expect(await app.t.query((ctx) => cache.peek(ctx, { n: 2 }))).toBeNull();
    expect(await app.stored()).toMatchObject({ values: [{ _id: stuck }], invalidations: [{}] });
    // Nothing that belongs to it is gone before it.
    expect((await app.stored()).tags).toHaveLength(1);
    app.observer.fault = () => {};
    for (let hour = 0; hour < 2; hour++) await keepHouse(app);
    expect(await app.stored()).toMatchObject({ values: [], tags: [], invalidations: [] });
  });

  test("if it shares a creation time with the last row of a batch", async () => {
    const app = createApp();
    const cache = app.cache();
    await seed(app, { count: 300, bytesEach: 100 }, (ctx, n) =>
      writeEntry(ctx, { name: "test", args: { n }, value: n }),
    );
    // Two transactions that began in the same moment: all of a millisecond.
    const scan = await app.inComponent(async (ctx) => {
      const rows = await ctx.db.query("values").collect();
      return new Set(rows.map(({ _creationTime }) => Math.floor(_creationTime))).size;
    });
    expect(scan).toBeLessThan(300);
    await app.t.mutation((ctx) => removeAll(ctx, component));
    for (let hour = 0; hour < 2; hour++) await keepHouse(app);
    expect(await app.stored()).toMatchObject({ values: [], invalidations: [] });
    expect(await app.t.query((ctx) => cache.peek(ctx, { n: 1 }))).toBeNull();
  });
});

describe("a sweep ends", () => {
  test("though one transaction has put more than a batch reads after invalidating", async () => {
    const app = createApp();
    const tenant = app.cache().forTenant("acme");
    await app.t.mutation((ctx) => tenant.put(ctx, { n: "old" }, 1));
    await app.inComponent(async (ctx) => {
      await ctx.db.insert("invalidations", {
        tag: JSON.stringify(["tag", "docs"]),
        mode: "remove",
        at: ctx.db.vars.commitTs,
        state: "pending",
      });
      for (let n = 0; n < 400; n++) {
        await writeTaggedEntry(ctx, { name: "test", args: { n }, value: n, tags: ["docs"] });
      }
    });
    await keepHouse(app);
    const jobs = await keepHouse(app);
    expect(jobs.length).toBeLessThan(40);
    const { values, invalidations } = await app.stored();
    expect(values).toHaveLength(401);
    expect(invalidations).toEqual([]);
  });
});

describe("compaction", () => {
  test("goes on from where a batch ended", async () => {
    const app = createApp();
    for (let n = 0; n < 6; n++) {
      await app.t.mutation((ctx) =>
        invalidateTags(
          ctx,
          component,
          Array.from({ length: 100 }, (_, tag) => `${n} ${tag}`),
          { mode: n % 2 ? "expire" : "remove" },
        ),
      );
    }
    const jobs = await keepHouse(app);
    await keepHouse(app);
    expect((await app.stored()).invalidations).toEqual([]);
    expect(jobs.filter((name) => name.includes("compact")).length).toBeGreaterThan(1);
  });

  test("keeps one row for a failure that is remembered, however often its name is cleared", async () => {
    const app = createApp();
    const cache = app.cache({ errorTtl: Infinity });
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await expect(app.act((ctx) => cache.fetch(ctx, {}))).rejects.toThrow("down");
    for (let n = 0; n < 20; n++) await app.t.mutation((ctx) => cache.removeAllForName(ctx));
    for (let hour = 0; hour < 2; hour++) await keepHouse(app);
    expect((await app.stored()).invalidations).toHaveLength(1);
    app.upstream.answer = () => "recovered";
    expect(await app.act((ctx) => cache.fetch(ctx, {}))).toBe("recovered");
  });

  test("reads no fill where there is nothing to drop", async () => {
    const app = createApp();
    app.slowly(HOUR);
    void app.act((ctx) => app.cache().fetch(ctx, {}));
    await app.pass(SECOND);
    app.observer.reset();
    await app.t.mutation(component.crons.purge, {});
    await app.pass(SECOND);
    const read = app.observer.accesses.filter((access) => access.kind !== "write");
    expect(read.length).toBeGreaterThan(3);
    for (const access of read) {
      const name = access.kind === "range" ? access.index : access.table;
      if (name.startsWith("fills")) expect(name).toBe("fills.deadline");
    }
  });
});

describe("each batch", () => {
  test("reads nothing younger than five minutes past its end", async () => {
    const app = createApp();
    const cache = app.cache({ ttl: MINUTE, tags: () => ["docs"], errorTtl: SECOND });
    await app.act((ctx) => cache.fetch(ctx, {}));
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await app.act((ctx) => cache.fetch(ctx, { n: 2 }).catch(() => null));
    await app.t.mutation((ctx) => invalidateTags(ctx, component, ["docs"]));
    await app.t.mutation((ctx) => removeAllForTenant(ctx, component, "acme"));
    vi.setSystemTime(START + 5 * MINUTE - SECOND);
    const before = await app.stored();
    await app.t.mutation(component.crons.purge, {});
    await app.pass(10);
    expect(await app.stored()).toEqual(before);
    for (let hour = 0; hour < 3; hour++) await keepHouse(app);
    const after = await app.stored();
    expect(after).toMatchObject({ values: [], fills: [], failures: [], invalidations: [] });
  });

  test("moves 4 MiB and 256 rows at most, whatever the rows hold", async () => {
    const app = createApp();
    const cache = app.cache({ ttl: MINUTE });
    const sizes = [100, 15_000, 800_000, 3_000_000];
    for (let n = 0; n < 24; n++) {
      const value = "x".repeat(sizes[n % sizes.length]!);
      await app.t.mutation((ctx) => cache.put(ctx, { n }, value));
    }
    await seed(app, { count: 600, bytesEach: 300 }, (ctx, n) =>
      writeEntry(ctx, { name: "test", args: { small: n }, value: n, expiresAt: START }),
    );
    let batches = 0;
    for (let next: PurgeJob | null = { until: START + HOUR }; next !== null; batches++) {
      const job: PurgeJob = next;
      app.observer.reset();
      next = await app.inComponent(async (ctx) => {
        const page = await listExpired(ctx, job);
        expect(page.deletions.length).toBeLessThanOrEqual(256);
        await deleteAll(ctx, page.deletions);
        return page.next;
      });
      expect(app.observer.counts.bytesRead).toBeLessThanOrEqual(4 * MIB);
    }
    expect(batches).toBeGreaterThan(6);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [], parts: 0 });
  });
});
