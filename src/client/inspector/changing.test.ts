/** What an inspector changes. */
import { describe, expect, test, vi } from "vitest";
import { makeFunctionReference } from "convex/server";
import { DAY, HOUR, MINUTE } from "../../shared/time.js";
import { createApp } from "../../testing/app.js";
import { finishBackground } from "../../testing/background.js";
import { createInspected, ENTRY } from "../../testing/inspected.js";
import { virtualTime } from "../../testing/time.js";
import type { InspectorOptions } from "../index.js";

const START = Date.parse("2026-11-01T12:00:00.000Z");

virtualTime(START, { quietly: true });

describe("an entry is operated on by its stored key", () => {
  async function stored(options: Partial<InspectorOptions> = {}) {
    const app = createInspected(options);
    const cache = app
      .cache({ key: ({ id }) => [id!], ttl: HOUR, staleIfError: DAY })
      .forTenant("acme");
    await app.act((ctx) => cache.put(ctx, { id: 1 }, "value"));
    const listing = { name: "test", cursor: null, numItems: 10 };
    const { page } = await app.inspect("entries", listing);
    const { storedKey, tenant } = page[0]!;
    const peek = () => app.t.query((ctx) => cache.peek(ctx, { id: 1 }));
    return {
      app,
      cache,
      peek,
      key: { name: "test", key: storedKey, tenant },
    };
  }

  test("removed", async () => {
    const { app, peek, key } = await stored();
    expect(await app.inspect("remove", key)).toBe(true);
    expect(await peek()).toBeNull();
    expect(await app.inspect("remove", key)).toBe(false);
  });

  test("expired, and kept as long as it would have been after its own expiry", async () => {
    const { app, peek, key } = await stored();
    vi.setSystemTime(Date.now() + MINUTE);
    expect(await app.inspect("expire", key)).toBeNull();
    expect(await peek()).toMatchObject({ expiresAt: START + MINUTE });
    expect((await app.stored()).metadata).toMatchObject([{ expiresAt: START + MINUTE + DAY }]);
  });

  test("expired that had no end, and kept for a day", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, 1));
    await app.inspect("expire", ENTRY);
    expect((await app.stored()).metadata).toMatchObject([{ expiresAt: START + DAY }]);
  });

  test("a digest's and that of 0.3.1's large arguments alike", async () => {
    const app = createInspected();
    const large = { text: "x".repeat(2000) };
    await app.inComponent((ctx) =>
      ctx.db.insert("values", { name: "test", args: large, value: 1 }),
    );
    await app.act((ctx) => app.cache().put(ctx, { text: "y".repeat(2000) }, 2));
    const { page } = await app.inspect("entries", { name: "test", cursor: null, numItems: 10 });
    expect(page).toHaveLength(2);
    for (const { storedKey } of page) {
      expect(await app.inspect("remove", { name: "test", key: storedKey })).toBe(true);
    }
    expect((await app.stored()).values).toEqual([]);
  });

  test("refreshed by the arguments, where its cache is known", async () => {
    const cache = createApp().cache();
    const app = createInspected({ caches: [cache] });
    await app.act((ctx) => cache.forTenant("acme").put(ctx, { id: 1 }, "old"));
    const key = { name: "test", key: ["acme", "args", { id: 1 }], tenant: "acme" };
    expect(await app.inspect("refresh", key)).toBe(true);
    await finishBackground(app);
    const peeked = await app.t.query((ctx) => cache.forTenant("acme").peek(ctx, { id: 1 }));
    expect(peeked).toMatchObject({ value: 1 });
    expect(app.upstream.asked).toEqual([{ id: 1 }]);
  });

  test("refreshed by its recipe, where its cache is not known", async () => {
    const app = createInspected();
    const cache = app.cache({
      tags: () => ["a"],
      key: ({ id }) => id!,
      refresher: makeFunctionReference<"action">("refreshers:refresh") as never,
    });
    app.caches.push(cache);
    await app.act((ctx) => cache.fetch(ctx, { id: 1, more: "x" }));
    const key = { name: "test", key: [null, "key", 1] };
    expect(await app.inspect("refresh", key)).toBe(true);
    // While it is scheduled, another adds none.
    expect(await app.inspect("refresh", key)).toBe(true);
    await finishBackground(app);
    expect(app.upstream.asked).toEqual([
      { id: 1, more: "x" },
      { id: 1, more: "x" },
    ]);
    expect((await app.t.query((ctx) => cache.peek(ctx, { id: 1 })))?.value).toBe(2);
  });

  test("not refreshed where nothing tells how", async () => {
    const { app, key } = await stored();
    expect(await app.inspect("refresh", key)).toBe(false);
    const known = await stored({ caches: [createApp().cache()] });
    // Its arguments are not stored.
    expect(await known.app.inspect("refresh", known.key)).toBe(false);
    expect((await app.stored()).fills).toEqual([]);
  });
});

describe("what is invalidated and cleared", () => {
  test("a tag, of no tenant, of one, or of all", async () => {
    const app = createInspected();
    for (const what of [
      { tag: "a" },
      { tag: "a", tenant: "acme", mode: "expire" },
      { tag: "a", allTenants: true },
    ]) {
      expect(await app.inspect("invalidateTag", what)).toBeNull();
    }
    const { items } = await app.inspect("invalidations");
    expect(items.reverse()).toMatchObject([
      { by: "tag", tag: "a", mode: "remove", state: "pending", refresh: false },
      { by: "tag", tag: "a", tenant: "acme", mode: "expire", state: "expiring" },
      { by: "tag", tag: "a", allTenants: true, mode: "remove" },
    ]);
    for (const bad of [{ tag: "" }, { tag: "a", tenant: "acme", allTenants: true }]) {
      const code = "INVALID_REQUEST";
      await expect(app.inspect("invalidateTag", bad)).rejects.toMatchObject({ data: { code } });
    }
  });

  test.each([
    [{ name: "test" }, { by: "name", name: "test" }],
    [{ tenant: "acme" }, { by: "tenant", tenant: "acme" }],
    [
      { name: "test", tenant: "acme" },
      { by: "name", name: "test", tenant: "acme" },
    ],
    [{ everything: true }, { by: "everything" }],
  ])("a clear of %j", async (reach, expected) => {
    const app = createInspected();
    expect(await app.inspect("clear", reach)).toBeNull();
    expect((await app.inspect("invalidations")).items).toMatchObject([expected]);
  });

  test.each([{}, { everything: false }, { name: "test", everything: true }, { tenant: "" }])(
    "never by a clear of %j",
    async (reach) => {
      const app = createInspected();
      const code = "INVALID_REQUEST";
      await expect(app.inspect("clear", reach)).rejects.toMatchObject({ data: { code } });
      expect((await app.inspect("invalidations")).items).toEqual([]);
    },
  );
});
