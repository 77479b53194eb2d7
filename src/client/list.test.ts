/** `list`: pages of entries by name, tenant and tag, whatever the rows hold and whatever is written meanwhile. */
import { describe, expect, test, vi } from "vitest";
import { component, type Compute, createApp } from "../testing/app.js";
import { seed, writeEntry, writeLegacyEntry, writeTaggedEntry } from "../testing/seed.js";
import { listAll, upTo, type What } from "../testing/listing.js";
import { virtualTime } from "../testing/time.js";
import { appTag } from "../component/model/invalidation/tags.js";
import { HOUR, MINUTE } from "../shared/time.js";
import { FetchCall } from "./fetchCall.js";
import { type ActionCache, invalidateTags } from "./index.js";

const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

type Cache = ActionCache<Compute>;
describe("an entry is listed", () => {
  test("with its arguments, size, times, tags and tenant, and never its value", async () => {
    const app = createApp();
    const cache = app.cache({
      ttl: HOUR,
      staleWhileRevalidate: MINUTE,
      tags: () => ["a"],
      refresher: "a:b" as never,
    });
    app.upstream.answer = () => "secret".repeat(100);
    await app.act((ctx) => cache.forTenant("acme").fetch(ctx, { id: 1 }));
    const { entries } = await listAll(app, cache);
    expect(entries).toEqual([
      {
        args: { id: 1 },
        storedKey: ["acme", "args", { id: 1 }],
        tenant: "acme",
        tags: ["a"],
        bytes: 602,
        createdAt: START,
        expiresAt: START + HOUR,
        staleUntil: START + HOUR + MINUTE,
        fillMs: 0,
      },
    ]);
  });

  test("with what the key function returned, whose arguments nobody stored", async () => {
    const app = createApp();
    const cache = app.cache({ key: ({ id }) => id ?? null });
    await app.act((ctx) => cache.fetch(ctx, { id: 5, more: "x" }));
    await app.act((ctx) => cache.fetch(ctx, {}));
    expect((await listAll(app, cache)).entries).toMatchObject([
      { args: null, key: null },
      { args: null, key: 5 },
    ]);
  });

  test("without arguments that are too large to be stored", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache().fetch(ctx, { text: "x".repeat(2000) }));
    const [entry] = (await listAll(app, app.cache())).entries;
    expect(entry).toMatchObject({ args: null, tags: [] });
    expect(entry).not.toHaveProperty("key");
  });

  test("with the size of a large value, whose parts are not read", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache().put(ctx, {}, "x".repeat(2 * MIB)));
    const { entries, pages } = await listAll(app, app.cache());
    expect(entries).toMatchObject([{ bytes: 2 * MIB + 2 }]);
    expect(pages[0]!.bytes).toBeLessThan(10_000);
  });

  test("when it has expired, until it is purged, and as 0.3.1 stored it", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache({ ttl: MINUTE }).put(ctx, { id: 1 }, 1));
    const legacy = { name: "test", args: { id: 2 }, value: "value", expiresAt: START + HOUR };
    await app.inComponent((ctx) => writeLegacyEntry(ctx, legacy));
    vi.setSystemTime(START + 2 * MINUTE);
    expect((await listAll(app, app.cache())).entries).toMatchObject([
      { args: { id: 1 }, expiresAt: START + MINUTE },
      { args: { id: 2 }, expiresAt: START + HOUR, bytes: 7, fillMs: null },
    ]);
    await app.t.mutation(component.crons.purge, { expiresAt: Date.now() });
    expect((await listAll(app, app.cache())).ids).toEqual([2]);
  });

  test("with the time from which the configured ttl, or the expiry of a tag, makes it stale", async () => {
    const app = createApp();
    const put = (id: number, tags: string[]) =>
      app.act((ctx) => app.cache({ ttl: HOUR }).put(ctx, { id }, id, { tags }));
    await put(1, []);
    await put(2, ["a"]);
    vi.setSystemTime(START + 5);
    await app.act((ctx) => invalidateTags(ctx, component, ["a"], { mode: "expire" }));
    expect((await listAll(app, app.cache({ ttl: MINUTE }))).entries).toMatchObject([
      { expiresAt: START + MINUTE },
      { expiresAt: START + 5, staleUntil: START + 5 },
    ]);
  });

  test("in the mutation that stored it", async () => {
    const { t, cache } = createApp();
    const { page } = await t.mutation(async (ctx) => {
      await cache().put(ctx, { id: 1 }, 1);
      return await cache().list(ctx, { cursor: null, numItems: 10 });
    });
    expect(page).toHaveLength(1);
  });
});

describe("entries are listed", () => {
  /** An app with entries of two caches, of two tenants and none, some of them tagged. */
  async function createFilled() {
    const app = createApp();
    const other = app.cache({ name: "other" });
    const acme = app.cache().forTenant("acme");
    const globex = app.cache().forTenant("globex");
    const put = (cache: Cache, id: number, ...tags: string[]) =>
      app.act((ctx) => cache.put(ctx, { id }, id, { tags }));
    for (const id of [1, 2]) await put(app.cache(), id, "odd and even");
    await put(app.cache(), 3, "odd", "odd and even");
    await put(acme, 11, "odd");
    await put(acme, 12);
    await put(globex, 21, "odd");
    await put(other, 31, "odd");
    await put(other.forTenant("acme"), 41, "odd");
    return { ...app, acme, globex, other, app };
  }

  test.each<[string, What, number[]]>([
    ["all of them", {}, [1, 2, 3, 11, 12, 21]],
    ["those of a tenant", { tenant: "acme" }, [11, 12]],
    ["those with a tag, of every tenant and of none", { tag: "odd" }, [3, 11, 21]],
    ["those of a tenant with a tag", { tenant: "acme", tag: "odd" }, [11]],
    ["none, of a tenant without any", { tenant: "initech" }, []],
    ["none, of a tag without any", { tag: "od" }, []],
  ])("by name: %s", async (_, what, ids) => {
    const { app, cache } = await createFilled();
    for (const numItems of [1, 2, 1000]) {
      const listed = await listAll(app, cache(), what, numItems);
      expect(listed.ids.sort((a, b) => a! - b!)).toEqual(ids);
      expect(Math.max(...listed.pages.map(({ items }) => items))).toBeLessThanOrEqual(numItems);
    }
  });

  test("of a tenant's view alone, and another tenant is refused there", async () => {
    const { app, acme, act } = await createFilled();
    expect((await listAll(app, acme)).ids).toEqual([11, 12]);
    expect((await listAll(app, acme, { tenant: "acme" })).ids).toEqual([11, 12]);
    expect((await listAll(app, acme, { tag: "odd" })).ids).toEqual([11]);
    const listing = act((ctx) => acme.list(ctx, { tenant: "globex", cursor: null, numItems: 1 }));
    await expect(listing).rejects.toMatchObject({ data: { code: "REFUSED_ON_TENANT" } });
  });

  test("unless an invalidation removed them", async () => {
    const { app, cache, acme, act } = await createFilled();
    await act((ctx) => acme.removeAllForName(ctx));
    await act((ctx) => invalidateTags(ctx, component, ["odd"]));
    expect((await listAll(app, cache())).ids.sort()).toEqual([1, 2, 21]);
    expect((await listAll(app, cache(), { tag: "odd" })).ids).toEqual([21]);
    await act((ctx) => acme.put(ctx, { id: 12 }, "anew"));
    expect((await listAll(app, acme)).ids).toEqual([12]);
  });
});

describe("a cursor survives writes between the pages", () => {
  test.each<[string, What, Cache | null]>([
    ["by name", {}, null],
    ["by tag", { tag: "a" }, null],
    ["by tenant", { tenant: "acme" }, null],
  ])("%s, every entry that stands all along is listed, and none twice", async (_, what) => {
    const app = createApp();
    const cache = app.cache().forTenant("acme");
    const put = (id: number) => app.act((ctx) => cache.put(ctx, { id }, id, { tags: ["a"] }));
    for (const id of upTo(40)) await put(id);
    let page = 0;
    const { ids } = await listAll(app, app.cache(), what, 4, async () => {
      // Of those listed, the very last included, and of those to come.
      const last = 4 * ++page - 1;
      for (const id of [last, last + 3]) {
        if (id % 8 === 3) await app.act((ctx) => cache.remove(ctx, { id }));
      }
      await put(1000 + page);
    });
    const standing = upTo(40).filter((id) => id % 8 !== 3);
    expect(ids.filter((id) => id! < 40 && id! % 8 !== 3)).toEqual(standing);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("by name, an entry that is replaced is not listed again", async () => {
    const app = createApp();
    const put = (id: number) => app.act((ctx) => app.cache().put(ctx, { id }, id));
    for (const id of upTo(9)) await put(id);
    const { ids } = await listAll(app, app.cache(), {}, 2, async () => {
      for (const id of upTo(9)) await put(id);
    });
    expect(ids).toEqual(upTo(9));
  });
});

describe("a page stays within its transaction", () => {
  test("where rows are as large as can be", async () => {
    const app = createApp();
    const value = "x".repeat(900_000);
    await seed(app, { count: 20, bytesEach: value.length }, (ctx, id) =>
      writeEntry(ctx, { name: "test", args: { id }, value }),
    );
    const { ids, pages } = await listAll(app, app.cache());
    expect(ids).toEqual(upTo(20));
    for (const { bytes } of pages) expect(bytes).toBeLessThan(5 * MIB);
  });

  test("and as large ones of other caches lie under the same tag", async () => {
    const app = createApp();
    const value = "x".repeat(900_000);
    await seed(app, { count: 20, bytesEach: value.length }, (ctx, id) => {
      const name = id % 10 === 9 ? "test" : "other";
      return writeTaggedEntry(ctx, { name, args: { id }, value, tags: ["a"] });
    });
    const { ids, pages } = await listAll(app, app.cache(), { tag: "a" });
    expect(ids).toEqual([9, 19]);
    for (const { bytes } of pages) expect(bytes).toBeLessThan(5 * MIB);
    expect(pages.some(({ items }) => items === 0)).toBe(true);
  });

  test("where each entry has 128 tags", async () => {
    const app = createApp();
    const tags = Array.from({ length: 128 }, (_, n) => `tag ${n}`);
    for (const id of upTo(12)) {
      const own = tags.map((tag) => `${tag} of ${id}`);
      await app.act((ctx) => app.cache().put(ctx, { id }, id, { tags: own }));
    }
    const { ids, pages } = await listAll(app, app.cache());
    expect(ids).toEqual(upTo(12));
    expect(pages.length).toBeGreaterThan(1);
  });

  test("and leaves room for the app's own work in the same query", async () => {
    const app = createApp();
    const value = "x".repeat(900_000);
    await seed(app, { count: 12, bytesEach: value.length }, (ctx, id) =>
      writeEntry(ctx, { name: "test", args: { id }, value }),
    );
    const listed = await app.t.query(async (ctx) => {
      const ids: unknown[] = [];
      for (let cursor: string | null = null; ;) {
        const { page, isDone, continueCursor } = await app
          .cache()
          .list(ctx, { cursor, numItems: 1000 });
        ids.push(...page);
        if (isDone) return ids.length;
        cursor = continueCursor;
      }
    });
    expect(listed).toBe(12);
  });
});

describe("what is no page is refused", () => {
  test.each([0, -1, 1.5, 1001, NaN, "10", undefined])("of %s entries", async (numItems) => {
    const { act, cache, observer } = createApp();
    const options = { cursor: null, numItems: numItems as number };
    await expect(act((ctx) => cache().list(ctx, options))).rejects.toMatchObject({
      data: { code: "INVALID_PAGE_SIZE", option: "`numItems`" },
    });
    expect(observer.counts.queries).toBe(0);
    if (typeof numItems !== "number") return;
    const read = new FetchCall({ config: {} } as never, {}).readOptions;
    const request = { name: "test", cursor: null, numItems, read };
    await expect(act((ctx) => ctx.runQuery(component.inspect.list, request))).rejects.toMatchObject(
      { data: { code: "INVALID_REQUEST" } },
    );
  });

  test.each([
    [{ tag: "" }, "INVALID_TAG"],
    [{ tag: 5 as never }, "INVALID_TAG"],
    [{ tenant: "" }, "INVALID_TENANT"],
    [{ cursor: undefined as never }, "INVALID_CURSOR"],
    [{ cursor: 5 as never }, "INVALID_CURSOR"],
  ])("%j", async (options, code) => {
    const { act, cache, observer } = createApp();
    const listing = act((ctx) => cache().list(ctx, { cursor: null, numItems: 1, ...options }));
    await expect(listing).rejects.toMatchObject({ data: { code, cache: "test" } });
    expect(observer.counts.queries).toBe(0);
  });

  const covering = JSON.stringify(["name", "test"]);
  const tagged = JSON.stringify(["tag of all", "a"]);
  test.each<[string, What, string]>([
    ["an empty string", {}, ""],
    ["no JSON", {}, "page 2"],
    ["no list", {}, "{}"],
    ["no position", {}, JSON.stringify([covering])],
    ["no key", {}, JSON.stringify([covering, 5])],
    ["that of another cache", {}, JSON.stringify([JSON.stringify(["name", "other"]), null])],
    ["no position among tags", { tag: "a" }, JSON.stringify([tagged, { key: 1 }])],
    ["half a position", { tag: "a" }, JSON.stringify([tagged, { key: { tag: "a" }, time: 1 }])],
  ])("whose cursor is %s", async (_, what, cursor) => {
    const { act, cache } = createApp();
    const listing = act((ctx) => cache().list(ctx, { ...what, cursor, numItems: 1 }));
    await expect(listing).rejects.toMatchObject({
      data: { code: "INVALID_CURSOR", cache: "test", message: /continueCursor/ },
    });
  });

  test("whose cursor was made for another listing, or forged to reach another tenant", async () => {
    const { act, cache } = createApp();
    const acme = cache().forTenant("acme");
    const put = (values: Cache, id: number) =>
      act((ctx) => values.put(ctx, { id }, id, { tags: ["a"] }));
    for (const id of [1, 2]) await put(acme, id);
    await put(cache().forTenant("globex"), 3);
    const list = (what: What, cursor: string | null) =>
      act((ctx) => acme.list(ctx, { ...what, cursor, numItems: 1 }));
    const { continueCursor } = await list({ tag: "a" }, null);
    await expect(list({}, continueCursor)).rejects.toMatchObject({
      data: { code: "INVALID_CURSOR" },
    });
    const forged = JSON.parse(continueCursor) as [string, { key: { tag: string } }];
    forged[1].key.tag = appTag("a", "globex");
    const { page } = await list({ tag: "a" }, JSON.stringify(forged));
    expect(page.every(({ tenant }) => tenant === "acme")).toBe(true);
  });

  test("whose cursor was forged to reach another tag lists nothing of it", async () => {
    const { act, cache } = createApp();
    const put = (id: number, tag: string) =>
      act((ctx) => cache().put(ctx, { id }, id, { tags: [tag] }));
    for (const id of [1, 2]) await put(id, "a");
    await put(3, "b");
    const list = (cursor: string | null, numItems: number) =>
      act((ctx) => cache().list(ctx, { tag: "a", cursor, numItems }));
    const { continueCursor } = await list(null, 1);
    const forged = continueCursor.replace('"[\\"tag\\",\\"a\\"]"', JSON.stringify(appTag("b")));
    expect(forged).not.toBe(continueCursor);
    const { page } = await list(forged, 1000);
    expect(page.filter(({ tags }) => tags.includes("b"))).toEqual([]);
  });
});
