import type { Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { keepHouse } from "../testing/background.js";
import { component, compute, createApp } from "../testing/app.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { ActionCache, invalidateTags, removeAll, removeAllForTenant } from "./index.js";

const START = 1_000_000;

virtualTime(START);

function createTaggedApp(config: Parameters<ReturnType<typeof createApp>["cache"]>[0] = {}) {
  const app = createApp();
  const cache = app.cache({ tags: ({ args }) => [`doc:${String(args.doc)}`, "docs"], ...config });
  return {
    ...app,
    cache,
    fetch: (doc: string, of = cache) => app.act((ctx) => of.fetch(ctx, { doc })),
    peek: (doc: string, of = cache) => app.t.query((ctx) => of.peek(ctx, { doc })),
    invalidate: (tags: string[], options = {}) =>
      app.t.mutation((ctx) => invalidateTags(ctx, component, tags, options)),
  };
}

describe("by tag (guarantee 3)", () => {
  test("the entries that have it are gone at once, and the others stay", async () => {
    const { fetch, invalidate, upstream } = createTaggedApp();
    await fetch("a");
    await fetch("b");
    await invalidate(["doc:a"]);
    expect(await fetch("b")).toBe(2);
    expect(await fetch("a")).toBe(3);
    await invalidate(["docs"]);
    expect(await fetch("a")).toBe(4);
    expect(await fetch("b")).toBe(5);
    expect(upstream.runs).toBe(5);
  });

  test("tags are computed from arguments and value", async () => {
    const { fetch, invalidate, upstream } = createTaggedApp({
      tags: ({ args: { doc }, value }) => [String(doc), ...(value as { parts: string[] }).parts],
    });
    upstream.answer = (_, run) => ({ parts: ["x", `y${run}`] });
    await fetch("a");
    await fetch("b");
    await invalidate(["y1"]);
    await fetch("a");
    await fetch("b");
    expect(upstream.asked.map(({ doc }) => doc)).toEqual(["a", "b", "a"]);
  });

  test("a hit reads a document more for each tag of it that was ever invalidated", async () => {
    const { fetch, invalidate, observer, t, cache } = createTaggedApp();
    await fetch("a");
    const readOnHit = async () => {
      observer.reset();
      await fetch("a");
      return observer.counts.documentsRead;
    };
    expect(await readOnHit()).toBe(1);
    await invalidate(["doc:other"]);
    expect(await readOnHit()).toBe(1);
    await invalidate(["doc:a"]);
    await fetch("a");
    expect(await readOnHit()).toBe(2);
    await invalidate(["docs"]);
    await fetch("a");
    expect(await readOnHit()).toBe(3);
    await t.mutation((ctx) => cache.removeAllForName(ctx));
    await fetch("a");
    expect(await readOnHit()).toBe(4);
  });

  test("a fill that began before the commit is returned, and neither stored nor shared", async () => {
    const { fetch, invalidate, upstream, pass, events, stored } = createTaggedApp();
    const ends: ((value: string) => void)[] = [];
    upstream.answer = () => new Promise((resolve) => ends.push(resolve));
    const before = fetch("a");
    await pass(10);
    const waiting = fetch("a");
    await pass(10);
    await invalidate(["doc:a"]);
    ends[0]!("old");
    await pass(5 * SECOND);
    expect(await before).toBe("old");
    expect(events[0]).toMatchObject({ put: "rejected" });
    expect((await stored()).values).toEqual([]);
    ends[1]!("new");
    await pass(5 * SECOND);
    expect(await waiting).toBe("new");
    expect(await fetch("a")).toBe("new");
  });

  test("a mutation that rolls back has invalidated nothing", async () => {
    const { fetch, t, upstream } = createTaggedApp();
    await fetch("a");
    const rolledBack = t.mutation(async (ctx) => {
      await invalidateTags(ctx, component, ["docs"], { refresh: true });
      throw new Error("rolled back");
    });
    await expect(rolledBack).rejects.toThrow("rolled back");
    expect(await fetch("a")).toBe(1);
    expect(upstream.runs).toBe(1);
  });

  test("one document is written for a tag, however many entries it covers", async () => {
    const { fetch, invalidate, observer } = createTaggedApp();
    for (let n = 0; n < 20; n++) await fetch(String(n));
    observer.reset();
    await invalidate(["docs"]);
    expect(observer.counts).toMatchObject({ documentsWritten: 1, documentsRead: 0 });
  });
});

describe("expire", () => {
  test("entries are stale from the first expiry on, and again extends nothing", async () => {
    const { fetch, invalidate, peek, pass, act, cache } = createTaggedApp({
      ttl: HOUR,
      staleIfError: HOUR,
    });
    await fetch("a");
    await pass(SECOND);
    const expiredAt = Date.now();
    await invalidate(["docs"], { mode: "expire" });
    await pass(SECOND);
    await invalidate(["docs", "doc:a"], { mode: "expire" });
    expect(await peek("a")).toMatchObject({ value: 1, expiresAt: expiredAt });
    const refilled = await act((ctx) => cache.fetchEntry(ctx, { doc: "a" }));
    expect(refilled).toMatchObject({ value: 2, status: "filled" });
    expect((await peek("a"))?.expiresAt).toBe(Date.now() + HOUR);
  });

  test("a removal before or after it still removes", async () => {
    const { fetch, invalidate, peek } = createTaggedApp();
    await fetch("a");
    await invalidate(["docs"]);
    await invalidate(["docs"], { mode: "expire" });
    expect(await peek("a")).toBeNull();
    await fetch("a");
    await invalidate(["docs"], { mode: "expire" });
    expect(await peek("a")).not.toBeNull();
    await invalidate(["docs"]);
    expect(await peek("a")).toBeNull();
  });

  test("nobody who comes after it is given a fill that began before it as fresh", async () => {
    const { fetch, invalidate, upstream, pass } = createTaggedApp({ ttl: HOUR });
    upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * SECOND));
      return run;
    };
    const before = fetch("a");
    await pass(SECOND);
    await invalidate(["docs"], { mode: "expire" });
    const after = fetch("a");
    await pass(20 * SECOND);
    expect(await before).toBe(1);
    expect(await after).toBe(2);
  });
});

describe("order within one transaction (guarantee 3)", () => {
  const put = "put" as const;
  const invalidate = "invalidate" as const;
  test.each([
    [[put, invalidate], null],
    [[invalidate, put], "put 1"],
    [[put, invalidate, put], "put 2"],
    [[invalidate, put, invalidate], null],
    [[put, put, invalidate], null],
  ])("%j leaves %j, there and after the commit", async (steps, expected) => {
    const { t, cache, peek } = createTaggedApp();
    const inside = await t.mutation(async (ctx) => {
      let puts = 0;
      for (const step of steps) {
        if (step === put) await cache.put(ctx, { doc: "a" }, `put ${++puts}`);
        else await invalidateTags(ctx, component, ["doc:a"]);
      }
      return (await cache.peek(ctx, { doc: "a" }))?.value ?? null;
    });
    expect(inside).toBe(expected);
    expect((await peek("a"))?.value ?? null).toBe(expected);
  });

  test("a fill that is scheduled in the transaction of an invalidation is later", async () => {
    for (const first of ["refresh", "clear"]) {
      const { t, cache, pass, peek } = createTaggedApp({ tags: undefined });
      await t.mutation(async (ctx) => {
        if (first === "refresh") await cache.refresh(ctx, { doc: "a" });
        await cache.removeAllForName(ctx);
        if (first === "clear") await cache.refresh(ctx, { doc: "a" });
      });
      await pass(SECOND);
      expect((await peek("a"))?.value).toBe(1);
    }
  });
});

describe("tenants (guarantee 3)", () => {
  const strange = ["a", "a/b", "a%2Fb", '["a"]', '"', "__proto__", "\u0000", "tenant", "ä", "😀"];

  test("have entries of their own, whatever characters their ids hold", async () => {
    const { cache, fetch, upstream } = createTaggedApp();
    await fetch("x");
    for (const id of strange) await fetch("x", cache.forTenant(id));
    expect(upstream.runs).toBe(strange.length + 1);
    for (const [index, id] of strange.entries()) {
      expect(await fetch("x", cache.forTenant(id))).toBe(index + 2);
    }
  });

  test("are cleared one by one, of a name or of all, and by tag", async () => {
    const { cache: summaries, fetch, act, t, upstream } = createTaggedApp();
    for (const clear of [
      (id: string) => t.mutation((ctx) => summaries.forTenant(id).removeAllForName(ctx)),
      (id: string) => t.mutation((ctx) => removeAllForTenant(ctx, component, id)),
      (id: string) => t.mutation((ctx) => invalidateTags(ctx, component, ["docs"], { tenant: id })),
      (id: string) => t.mutation((ctx) => summaries.forTenant(id).remove(ctx, { doc: "x" })),
    ]) {
      for (const id of [...strange, "untouched"]) await fetch("x", summaries.forTenant(id));
      await fetch("x");
      const runs = upstream.runs;
      await clear("a");
      for (const id of [...strange, "untouched"]) await fetch("x", summaries.forTenant(id));
      await fetch("x");
      expect(upstream.runs).toBe(runs + 1);
      await act((ctx) => summaries.forTenant("a").fetch(ctx, { doc: "x" }));
    }
  });

  test("a clear of the name clears all its tenants, and one of everything too", async () => {
    for (const all of [false, true]) {
      const { cache, fetch, t, upstream } = createTaggedApp();
      await fetch("x", cache.forTenant("a"));
      await fetch("x", cache.forTenant("b"));
      await t.mutation((ctx) => (all ? removeAll(ctx, component) : cache.removeAllForName(ctx)));
      await fetch("x", cache.forTenant("a"));
      await fetch("x", cache.forTenant("b"));
      expect(upstream.runs).toBe(4);
    }
  });

  test("no arguments or derived keys reach a tenant's entry", async () => {
    const { cache, act, t, stored } = createTaggedApp({ tags: undefined });
    await act((ctx) => cache.forTenant("a").fetch(ctx, { x: 1 }));
    const [entry] = (await stored()).values;
    const derived = new ActionCache(component, {
      action: compute,
      name: "test",
      key: () => entry!.args as Value,
    });
    expect(await t.query((ctx) => derived.peek(ctx, { x: 1 }))).toBeNull();
    for (const args of [entry!.args, { x: 1 }, ["args", { x: 1 }]]) {
      const byHand = { name: "test", args: args as Value, ttl: null };
      const found = await t.query((ctx) => ctx.runQuery(component.lib.get, byHand));
      expect(found.kind).toBe("miss");
    }
  });

  test.each(["", "x".repeat(257), "x".repeat(10_000), 7])("the id %j is refused", (id) => {
    const { cache } = createTaggedApp();
    expect(() => cache.forTenant(id as string)).toThrow("INVALID_TENANT");
  });
});

describe("bad tags", () => {
  test.each([
    [[""], "INVALID_TAG"],
    [["x".repeat(257)], "INVALID_TAG"],
    [[7], "INVALID_TAG"],
    ["docs", "INVALID_TAG"],
    [Array.from({ length: 129 }, (_, n) => `tag ${n}`), "TOO_MANY_TAGS"],
  ])("%j are refused", async (tags, code) => {
    const { invalidate, stored, t, cache } = createTaggedApp();
    await expect(invalidate(tags as string[])).rejects.toMatchObject({ data: { code } });
    await expect(
      t.mutation((ctx) => cache.put(ctx, { doc: "a" }, 1, { tags: tags as string[] })),
    ).rejects.toMatchObject({ data: { code } });
    expect(await stored()).toMatchObject({ values: [], invalidations: [] });
  });

  test("what `tags` returns never costs the value", async () => {
    const { fetch, events } = createTaggedApp({ tags: () => [""] });
    expect(await fetch("a")).toBe(1);
    expect(events).toMatchObject([{ get: "miss", put: "skipped" }]);
    expect(events[0]!.reason).toMatch(/tags/);
  });
});

describe("housekeeping", () => {
  test("deletes what a tag made invalid, and a later entry with the same tag survives it", async () => {
    const app = createTaggedApp();
    for (let n = 0; n < 30; n++) await app.fetch(String(n));
    await app.invalidate(["docs"]);
    await app.fetch("later");
    await keepHouse(app);
    const { values, tags, recipes } = await app.stored();
    expect(values.map(({ args }) => args as unknown)).toEqual([{ doc: "later" }]);
    expect(tags).toHaveLength(2);
    expect(recipes).toHaveLength(0);
  });

  test("compacts invalidations, and drops them once nothing is older", async () => {
    const app = createTaggedApp();
    await app.fetch("a");
    for (let n = 0; n < 50; n++) await app.invalidate(["docs"]);
    for (let n = 0; n < 50; n++) await app.invalidate([`doc:${n}`], { mode: "expire" });
    expect((await app.stored()).invalidations).toHaveLength(100);
    await keepHouse(app);
    expect(await app.stored()).toMatchObject({ values: [], invalidations: [] });
  });

  test("keeps the expiry that made an entry stale, and none of those after it", async () => {
    const app = createTaggedApp({ ttl: HOUR, staleIfError: 24 * HOUR });
    await app.fetch("a");
    const expiredAt = Date.now();
    for (let n = 0; n < 20; n++) {
      await app.invalidate(["docs"], { mode: "expire" });
      await app.pass(SECOND);
    }
    await keepHouse(app);
    expect((await app.stored()).invalidations).toHaveLength(1);
    expect((await app.peek("a"))?.expiresAt).toBe(expiredAt);
  });

  test("brings no remembered failure back", async () => {
    const app = createTaggedApp({ errorTtl: 24 * HOUR });
    app.upstream.answer = () => Promise.reject(new Error("down"));
    await expect(app.fetch("a")).rejects.toThrow("down");
    await app.t.mutation((ctx) => app.cache.removeAllForName(ctx));
    vi.setSystemTime(START + 2 * HOUR);
    await keepHouse(app);
    app.upstream.answer = () => "recovered";
    expect(await app.fetch("a")).toBe("recovered");
  });

  test("keeps an invalidation that a running fill is older than", async () => {
    const app = createTaggedApp();
    app.upstream.answer = async (_, run) => {
      await new Promise((resolve) => setTimeout(resolve, 30 * MINUTE));
      return run;
    };
    const filling = app.fetch("a");
    await app.pass(SECOND);
    await app.invalidate(["docs"]);
    await app.pass(10 * MINUTE);
    await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    await app.pass(SECOND);
    expect((await app.stored()).invalidations).toMatchObject([{ state: "swept" }]);
    await app.pass(30 * MINUTE);
    expect(await filling).toBe(1);
    expect(await app.peek("a")).toBeNull();
    await keepHouse(app);
    expect((await app.stored()).invalidations).toHaveLength(0);
  });
});
