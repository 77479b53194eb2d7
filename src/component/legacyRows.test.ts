import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE } from "../shared/time.js";
import { type Args, component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { legacyLib, registerBesideLegacy } from "../testing/legacy.js";
import { seed, writeLegacyEntry } from "../testing/seed.js";

const { get, put, remove, removeAll } = component.lib;
const START = 1_000_000;

/** Arguments below and above the size from which a digest stands for them. */
const kinds: { size: string; args: Args }[] = [
  { size: "small", args: { text: "fish tacos", page: 2 } },
  { size: "large", args: { text: "fish tacos ".repeat(200), page: 2 } },
  { size: "very large", args: { texts: ["a", "b"].map((c) => c.repeat(200 * 1024)) } },
];

virtualTime(START);

/** An app in which 0.3.1 has stored an entry, and which was upgraded since. */
async function createUpgraded(args: Args, ttl: number | null) {
  const app = createApp();
  registerBesideLegacy(app.t);
  await app.t.mutation(legacyLib.put, { name: "test", args, value: "theirs", ttl });
  const [row] = (await app.stored()).values;
  expect(row).toMatchObject({ name: "test", args, value: "theirs" });
  expect(row).not.toHaveProperty("startedAt");
  app.upstream.answer = () => "ours";
  const fetch = (options = {}) => app.act((ctx) => app.cache().fetch(ctx, args, options));
  return { ...app, row: row!, fetch, entry: { name: "test", args } };
}

describe.each(kinds)("an entry of 0.3.1 with $size arguments", ({ args }) => {
  test("is served", async () => {
    const app = await createUpgraded(args, null);
    expect(await app.fetch()).toBe("theirs");
    const answer = await app.t.query(get, { ...app.entry, ttl: null });
    expect(answer).toEqual({ kind: "hit", value: "theirs" });
    expect(await app.act((ctx) => app.cache().peek(ctx, args))).toEqual({
      value: "theirs",
      createdAt: START,
      expiresAt: null,
      staleUntil: null,
      fillingUntil: null,
      readAt: null,
    });
    expect(app.upstream.runs).toBe(0);
  });

  test("is served until the ttl that it was stored with is over", async () => {
    const app = await createUpgraded(args, MINUTE);
    const entry = await app.act((ctx) => app.cache().peek(ctx, args));
    expect(entry).toMatchObject({ expiresAt: START + MINUTE });
    vi.setSystemTime(START + MINUTE - 1);
    expect(await app.fetch()).toBe("theirs");
    expect(await app.t.query(get, { ...app.entry, ttl: null })).toMatchObject({ kind: "hit" });
    vi.setSystemTime(START + MINUTE);
    expect(await app.t.query(get, { ...app.entry, ttl: null })).toEqual({
      kind: "miss",
      expiredEntry: app.row._id,
    });
    expect(await app.fetch()).toBe("ours");
  });

  test("is served until the reader's own ttl is over", async () => {
    const app = await createUpgraded(args, HOUR);
    vi.setSystemTime(START + MINUTE - 1);
    expect(await app.fetch({ ttl: MINUTE })).toBe("theirs");
    vi.setSystemTime(START + MINUTE);
    expect(await app.fetch({ ttl: MINUTE })).toBe("ours");
  });

  test.each([null, 2 * MINUTE])(
    "is overwritten by a fill, with a ttl of %s, which leaves one row",
    async (ttl) => {
      const app = await createUpgraded(args, MINUTE);
      vi.setSystemTime(START + MINUTE);
      const cache = app.cache({ ttl });
      expect(await app.act((ctx) => cache.fetch(ctx, args))).toBe("ours");
      expect(app.events).toMatchObject([{ get: "miss", put: "replaced" }]);
      const { values, metadata } = await app.stored();
      expect(values).toMatchObject([{ value: "ours" }]);
      expect(metadata.map(({ valueId }) => valueId)).toEqual(ttl === null ? [] : [values[0]!._id]);
      expect(await app.act((ctx) => cache.fetch(ctx, args))).toBe("ours");
      expect(app.upstream.runs).toBe(1);
    },
  );

  test("is overwritten by a forced fetch, and served until then", async () => {
    const app = await createUpgraded(args, null);
    app.upstream.answer = async () => {
      expect(await app.t.query(get, { ...app.entry, ttl: null })).toMatchObject({
        value: "theirs",
      });
      return "ours";
    };
    expect(await app.fetch({ force: true })).toBe("ours");
    expect((await app.stored()).values).toMatchObject([{ value: "ours" }]);
  });

  test("is reused by lib.put, or replaced, as one of ours is", async () => {
    const app = await createUpgraded(args, MINUTE);
    const again = { ...app.entry, value: "new" };
    expect(await app.t.mutation(put, { ...again, ttl: HOUR })).toEqual({
      cacheHit: true,
      deletedExpiredEntry: false,
    });
    const replacing = { ...again, ttl: HOUR, expiredEntry: app.row._id };
    expect(await app.t.mutation(put, replacing)).toEqual({
      cacheHit: false,
      deletedExpiredEntry: true,
    });
    const { values, metadata } = await app.stored();
    expect(values).toMatchObject([{ value: "new" }]);
    expect(metadata).toMatchObject([{ valueId: values[0]!._id, expiresAt: START + HOUR }]);
  });

  test("is overwritten by the client's put, which leaves one row", async () => {
    const app = await createUpgraded(args, MINUTE);
    await app.act((ctx) => app.cache().put(ctx, args, "put"));
    expect(await app.fetch()).toBe("put");
    expect(await app.stored()).toMatchObject({ values: [{ value: "put" }], metadata: [] });
  });

  test("is removed, which leaves none", async () => {
    const app = await createUpgraded(args, MINUTE);
    expect(await app.act((ctx) => app.cache().remove(ctx, args))).toBe(true);
    expect(await app.act((ctx) => app.cache().remove(ctx, args))).toBe(false);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
    expect(await app.fetch()).toBe("ours");
  });

  test("is removed by lib.remove", async () => {
    const app = await createUpgraded(args, MINUTE);
    expect(await app.t.mutation(remove, app.entry)).toBeNull();
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });

  test("is not brought back by removing the entry that replaced it", async () => {
    const app = await createUpgraded(args, null);
    await app.fetch({ force: true });
    await app.act((ctx) => app.cache().remove(ctx, args));
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });

  test.each([{}, { name: "test" }, { before: START }, { name: "test", batchSize: 1 }])(
    "is cleared, for readers at once: %o",
    async (request) => {
      const app = await createUpgraded(args, MINUTE);
      vi.setSystemTime(START + 1);
      await app.t.mutation(removeAll, request);
      expect(await app.t.query(get, { ...app.entry, ttl: null })).toEqual({ kind: "miss" });
      await finishBackground(app);
      expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
    },
  );

  test("is spared by a clear of another name, and of earlier entries", async () => {
    const app = await createUpgraded(args, HOUR);
    await app.t.mutation(removeAll, { name: "other" });
    await app.t.mutation(removeAll, { before: START - 1 });
    await finishBackground(app);
    expect(await app.fetch()).toBe("theirs");
    expect((await app.stored()).values).toEqual([app.row]);
  });

  test("is purged when it has expired, and not before", async () => {
    const app = await createUpgraded(args, MINUTE);
    await app.t.mutation(component.crons.purge, { expiresAt: Date.now() });
    await finishBackground(app);
    expect((await app.stored()).values).toHaveLength(1);
    vi.setSystemTime(START + MINUTE);
    await app.t.mutation(component.crons.purge, { expiresAt: Date.now() });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });
});

test("an entry of 0.3.1 that does not expire is never purged", async () => {
  const app = await createUpgraded({ text: "a", page: 1 }, null);
  vi.setSystemTime(START + 1000 * HOUR);
  await app.t.mutation(component.crons.purge, { expiresAt: Date.now() });
  await finishBackground(app);
  expect(await app.fetch()).toBe("theirs");
});

test.each([
  ["text", "fish tacos"],
  ["a long text", "fish tacos ".repeat(200)],
  ["a number", 7],
  ["a list", [1, 2]],
])("an entry that 0.3.1 stored under %s in place of arguments is served", async (_, args) => {
  const app = createApp();
  registerBesideLegacy(app.t);
  await app.t.mutation(legacyLib.put, { name: "test", args, value: "theirs", ttl: null });
  const answer = await app.t.query(get, { name: "test", args, ttl: null });
  expect(answer).toEqual({ kind: "hit", value: "theirs" });
});

test.each([13, 14, 15])(
  "an entry of 0.3.1 whose arguments nest %i deep is served",
  async (deep) => {
    const app = createApp();
    registerBesideLegacy(app.t);
    let args: { inner?: object } = {};
    for (let level = 1; level < deep; level++) args = { inner: args };
    await app.t.mutation(legacyLib.put, { name: "test", args, value: "theirs", ttl: null });
    const answer = await app.t.query(get, { name: "test", args, ttl: null });
    expect(answer).toEqual({ kind: "hit", value: "theirs" });
  },
);

test("entries of 0.3.1 whose metadata is gone are served, overwritten and cleared", async () => {
  const error = vi.spyOn(console, "error");
  const app = createApp();
  await seed(app, { count: 2, bytesEach: 10 }, async (ctx, id) => {
    const entry = { name: "test", args: { id }, value: "theirs", expiresAt: START + 1 };
    await writeLegacyEntry(ctx, entry);
    const metadata = await ctx.db.query("metadata").first();
    await ctx.db.delete("metadata", metadata!._id);
  });
  expect(await app.act((ctx) => app.cache().fetch(ctx, { id: 0 }))).toBe("theirs");
  expect(await app.act((ctx) => app.cache().fetch(ctx, { id: 0 }, { force: true }))).toBe(1);
  await app.t.mutation(removeAll, { name: "test" });
  await finishBackground(app);
  expect((await app.stored()).values).toEqual([]);
  expect(error).not.toHaveBeenCalled();
});
