/** What an operator's commands answer. */
import { describe, expect, test, vi } from "vitest";
import { ALL_TENANTS, invalidateTags, removeAll, removeAllForTenant } from "../client/index.js";
import { LEASE_MS } from "../shared/leaseTimes.js";
import { DAY, HOUR, MINUTE, SECOND } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { upTo } from "../testing/listing.js";
import { run } from "../testing/operate.js";
import { seed, writeEntry } from "../testing/seed.js";
import { virtualTime } from "../testing/time.js";

const START = Date.parse("2026-11-01T12:00:00.000Z");
const MIB = 1024 * 1024;

virtualTime(START, { quietly: true });

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const refused = { data: { code: "INVALID_REQUEST" } };

describe("operate:stats", () => {
  test("tells the figures of all caches, and which keep none", async () => {
    const app = createApp();
    app.upstream.answer = () => "x".repeat(14_200 - 2);
    const counted = app.cache({ name: "counted", stats: { sample: 1 } });
    for (let n = 0; n < 4; n++) await app.act((ctx) => counted.fetch(ctx, { id: 1 }));
    await app.act((ctx) => app.cache({ name: "plain" }).put(ctx, {}, 1));
    const { caches, next } = await run(app, "stats", {});
    expect(next).toBeUndefined();
    expect(caches).toMatchObject([
      { name: "counted", figures: { hitRate: "75 %", hits: 3, misses: 1, size: "14.2 KB" } },
      { name: "plain", figures: expect.stringContaining("`stats: true`") as string },
    ]);
  });

  test("tells those of one name, of a tenant, and of the last hours", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    await app.act((ctx) => cache.fetch(ctx, { id: 1 }));
    pass(3 * HOUR);
    await app.act((ctx) => cache.forTenant("acme").fetch(ctx, { id: 1 }));
    const fills = async (args: object) => {
      const { caches } = await run(app, "stats", { name: "test", ...args });
      return (caches[0]!.figures as { fills: number }).fills;
    };
    expect(await fills({})).toBe(2);
    expect(await fills({ tenant: "acme" })).toBe(1);
    expect(await fills({ hours: 1 })).toBe(1);
  });

  test("goes on behind the name where it was cut, for thousands of names", async () => {
    const app = createApp();
    await seed(app, { count: 120, bytesEach: 1000 }, (ctx, id) =>
      writeEntry(ctx, { name: `cache ${1000 + id}`, args: {}, value: id }),
    );
    const names: string[] = [];
    let calls = 0;
    for (let after: string | undefined; ; calls++) {
      const { caches, next } = await run(app, "stats", after === undefined ? {} : { after });
      names.push(...caches.map(({ name }) => name));
      if (next === undefined) break;
      after = next;
    }
    expect(names).toEqual(upTo(120).map((id) => `cache ${1000 + id}`));
    expect(calls).toBe(2);
  });
});

describe("operate:list", () => {
  test("shows what entries are, and never their values", async () => {
    const app = createApp();
    app.upstream.answer = () => "secret".repeat(100);
    const cache = app.cache({ ttl: HOUR, tags: () => ["a"], refresher: "a:b" as never });
    await app.act((ctx) => cache.forTenant("acme").fetch(ctx, { id: 1 }));
    await app.act((ctx) => cache.put(ctx, { text: "y".repeat(2000) }, 1, { ttl: null, tags: [] }));
    await app.act((ctx) => app.cache({ key: () => "k" }).put(ctx, {}, 1, { ttl: 1.5 * HOUR }));
    pass(3 * MINUTE);
    const { entries } = await run(app, "list", { name: "test" });
    expect(entries).toHaveLength(3);
    expect(entries).toContainEqual({
      args: { id: 1 },
      tenant: "acme",
      tags: ["a"],
      size: "602 B",
      created: "2026-11-01T12:00:00.000Z (3 min ago)",
      expires: "2026-11-01T13:00:00.000Z (in 57 min)",
      fill: "0 ms",
    });
    expect(entries).toContainEqual(
      expect.objectContaining({ digest: expect.any(String) as string, expires: "never" }),
    );
    expect(entries).toContainEqual(expect.objectContaining({ key: "k" }));
    expect((await run(app, "list", { name: "test", tag: "a" })).entries).toHaveLength(1);
    expect((await run(app, "list", { name: "test", tenant: "acme" })).entries).toHaveLength(1);
  });

  test("goes on with a cursor that holds no quote, whatever the keys are", async () => {
    const app = createApp();
    const cache = app.cache();
    for (const id of upTo(5))
      await app.act((ctx) => cache.put(ctx, { quoted: `it's "${id}"` }, id));
    const listed: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await run(app, "list", { name: "test", limit: 2, ...(cursor && { cursor }) });
      listed.push(...page.entries.map(({ args }) => args));
      cursor = page.next;
      if (cursor !== undefined) expect(cursor).not.toMatch(/['"\\ ]/);
    } while (cursor !== undefined);
    expect(listed).toEqual(upTo(5).map((id) => ({ quoted: `it's "${id}"` })));
  });

  test("refuses what lists nothing", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache().put(ctx, {}, 1));
    const listing = (args: object) => run(app, "list", { name: "test", ...args });
    await expect(listing({ limit: 0 })).rejects.toMatchObject(refused);
    await expect(listing({ tag: "" })).rejects.toMatchObject(refused);
    await expect(listing({ tenant: "" })).rejects.toMatchObject(refused);
    for (const cursor of ["nonsense", "%"]) {
      const code = "INVALID_CURSOR";
      await expect(listing({ cursor })).rejects.toMatchObject({ data: { code } });
    }
  });
});

describe("operate:explain", () => {
  test("tells by what is stored why a call is a hit or a miss", async () => {
    const app = createApp();
    const cache = app.cache({ ttl: HOUR, staleWhileRevalidate: DAY });
    const explain = () => run(app, "explain", { name: "test", args: { id: 1 } });
    expect(await explain()).toMatchObject({
      state: "miss",
      sentence: "Nothing is stored.",
      entry: null,
    });
    await app.act((ctx) => cache.fetch(ctx, { id: 1 }));
    expect(await explain()).toMatchObject({
      state: "hit",
      sentence: "What is stored is fresh until 2026-11-01T13:00:00.000Z.",
      note: expect.stringContaining("windows") as string,
      entry: { size: "9 B", kept: "2026-11-02T13:00:00.000Z (in 25 h)" },
    });
    pass(2 * HOUR);
    expect(await explain()).toMatchObject({
      state: "miss",
      sentence: "What is stored expired at 2026-11-01T13:00:00.000Z.",
    });
  });

  test("finds an entry by its tenant, and by what its `key` function returned", async () => {
    const app = createApp();
    const cache = app.cache({ key: ({ id }) => [id!] });
    await app.act((ctx) => cache.forTenant("acme").put(ctx, { id: 1 }, 1));
    const state = async (request: object) =>
      (await run(app, "explain", { name: "test", ...request })).state;
    expect(await state({ key: [1], tenant: "acme" })).toBe("hit");
    expect(await state({ key: [1] })).toBe("miss");
    expect(await state({ args: { id: 1 }, tenant: "acme" })).toBe("miss");
  });

  test("tells of a failure that is remembered", async () => {
    const app = createApp();
    app.upstream.answer = () => {
      throw new Error("down");
    };
    const cache = app.cache({ errorTtl: HOUR });
    await app.act((ctx) => cache.fetch(ctx, {})).catch(() => {});
    const { sentence } = await run(app, "explain", { name: "test", args: {} });
    expect(sentence).toContain("a failure is remembered until 2026-11-01T13:00:00.000Z");
  });

  test("refuses a call without arguments and key, and one with both", async () => {
    const app = createApp();
    for (const request of [{}, { args: {}, key: 1 }]) {
      const explaining = run(app, "explain", { name: "test", ...request });
      await expect(explaining).rejects.toMatchObject(refused);
    }
  });
});

describe("operate:fills", () => {
  test("tells what is scheduled and runs, and which lease has lapsed", async () => {
    const app = createApp();
    const cache = app.cache();
    app.upstream.answer = async () => {
      const { fills, note } = await run(app, "fills", {});
      expect(note).toBeUndefined();
      expect(fills).toMatchObject([
        {
          name: "test",
          tenant: "acme",
          state: "running",
          since: "2026-11-01T12:00:00.000Z (now)",
          lease: "until 2026-11-01T12:00:20.000Z (in 20 s)",
        },
        { name: "test", state: "scheduled" },
      ]);
      pass(LEASE_MS + 10 * SECOND);
      const later = await run(app, "fills", {});
      expect(later.fills[0]!.lease).toBe("lapsed at 2026-11-01T12:00:20.000Z (10 s ago)");
      return 1;
    };
    await app.t.mutation((ctx) => cache.refresh(ctx, { id: 2 }));
    await app.act((ctx) => cache.forTenant("acme").fetch(ctx, { id: 1 }));
    app.upstream.answer = () => 1;
    await finishBackground(app);
    expect((await run(app, "fills", {})).fills).toEqual([]);
  });

  test("leaves out what an invalidation voided", async () => {
    const app = createApp();
    app.upstream.answer = async () => {
      expect((await run(app, "fills", {})).fills).toHaveLength(1);
      await app.t.mutation((ctx) => app.cache().removeAllForName(ctx));
      expect((await run(app, "fills", {})).fills).toEqual([]);
      return 1;
    };
    await app.act((ctx) => app.cache().fetch(ctx, {}));
  });

  test("lists a hundred, and says that there are more", async () => {
    const app = createApp();
    const fill = (id: number) =>
      app.inComponent(async (ctx) => {
        const lease = { state: "running" as const, startedAt: ctx.db.vars.commitTs, deadline: 1 };
        for (let n = 0; n < id; n++) {
          await ctx.db.insert("fills", { ...lease, name: "test", leaseKey: `${n}` });
        }
      });
    await fill(100);
    expect(await run(app, "fills", {})).toMatchObject({ fills: { length: 100 } });
    expect((await run(app, "fills", {})).note).toBeUndefined();
    await fill(1);
    const { fills, note } = await run(app, "fills", {});
    expect(fills).toHaveLength(100);
    expect(note).toContain("more");
  });
});

describe("operate:failures", () => {
  test("tells what failed and until when it is remembered", async () => {
    const app = createApp();
    app.upstream.answer = () => {
      throw new Error("down");
    };
    const values = app.cache({ errorTtl: HOUR });
    await app.act((ctx) => values.fetch(ctx, {})).catch(() => {});
    const { failures } = await run(app, "failures", {});
    expect(failures).toMatchObject([
      {
        name: "test",
        message: expect.stringContaining("down") as string,
        began: "2026-11-01T12:00:00.000Z (now)",
        rethrown: "until 2026-11-01T13:00:00.000Z (in 60 min)",
      },
    ]);
    await app.t.mutation((ctx) => values.removeAllForName(ctx));
    expect((await run(app, "failures", {})).failures).toEqual([]);
  });

  test("stays within its transaction where errors are large", async () => {
    const app = createApp();
    const error = { kind: "other" as const, message: "x".repeat(MIB / 4) };
    for (let n = 0; n < 40; n++) {
      await app.inComponent((ctx) =>
        ctx.db.insert("failures", {
          leaseKey: `${n}`,
          name: "test",
          startedAt: ctx.db.vars.commitTs,
          beganAt: START,
          error,
          until: START + HOUR,
          retryAt: START,
          deadline: START + HOUR,
        }),
      );
    }
    const { failures, note } = await run(app, "failures", {});
    expect(failures.length).toBeGreaterThan(5);
    expect(failures.length).toBeLessThan(40);
    expect(failures[0]!.message).toHaveLength(1000);
    expect(note).toContain("more");
  });
});

test("operate:invalidations tells what was invalidated in the app's own words, the latest first", async () => {
  const app = createApp();
  const cache = app.cache();
  const steps: ((ctx: Parameters<typeof removeAll>[0]) => Promise<unknown>)[] = [
    (ctx) => removeAll(ctx, component),
    (ctx) => removeAll(ctx, component, START - HOUR),
    (ctx) => removeAllForTenant(ctx, component, "acme"),
    (ctx) => cache.removeAllForName(ctx),
    (ctx) => cache.forTenant("acme").removeAllForName(ctx),
    (ctx) => invalidateTags(ctx, component, ["users"], { mode: "expire" }),
    (ctx) => invalidateTags(ctx, component, ["users"], { tenant: "acme", refresh: true }),
    (ctx) => invalidateTags(ctx, component, ["users"], { tenant: ALL_TENANTS }),
  ];
  for (const step of steps) {
    await app.act(step);
    pass(SECOND);
  }
  const { invalidations } = await run(app, "invalidations", {});
  expect(invalidations.map(({ what }) => what).reverse()).toEqual([
    "everything",
    "everything created up to 2026-11-01T11:00:00.000Z (60 min ago)",
    "tenant `acme`",
    "name `test`",
    "name `test` of tenant `acme`",
    "tag `users`",
    "tag `users` of tenant `acme`",
    "tag `users` of all tenants",
  ]);
  expect(invalidations[1]).toEqual({
    what: "tag `users` of tenant `acme`",
    mode: "remove",
    at: "2026-11-01T12:00:06.000Z (2 s ago)",
    refresh: true,
    storage: "to be deleted",
  });
  expect(invalidations[2]).toMatchObject({ mode: "expire", storage: "kept, as stale" });
});

describe("operate:clear", () => {
  async function filled() {
    const app = createApp();
    const caches = [app.cache({ name: "a" }), app.cache({ name: "b" })];
    for (const cache of caches) {
      for (const of of [cache, cache.forTenant("acme")]) await app.act((ctx) => of.put(ctx, {}, 1));
    }
    const left = async () => {
      const pages = await Promise.all(["a", "b"].map((name) => run(app, "list", { name })));
      return pages.map(({ entries }) => entries.map(({ tenant }) => tenant ?? "none").sort());
    };
    return { app, left };
  }

  test.each([
    [{ name: "a" }, "name `a`", [[], ["acme", "none"]]],
    [{ tenant: "acme" }, "tenant `acme`", [["none"], ["none"]]],
    [{ name: "a", tenant: "acme" }, "name `a` of tenant `acme`", [["none"], ["acme", "none"]]],
    [{ everything: true }, "everything", [[], []]],
  ])("clears %j", async (request, cleared, expected) => {
    const { app, left } = await filled();
    pass(1);
    expect(await run(app, "clear", request)).toMatchObject({ cleared });
    expect(await left()).toEqual(expected);
  });

  test("clears what was created up to a time, in ms or as an ISO string", async () => {
    for (const before of [START, "2026-11-01T12:00:00.000Z"]) {
      vi.setSystemTime(START);
      const { app, left } = await filled();
      pass(MINUTE);
      await app.act((ctx) => app.cache({ name: "a" }).put(ctx, {}, 2));
      const { cleared } = await run(app, "clear", { everything: true, before });
      expect(cleared).toBe("everything created up to 2026-11-01T12:00:00.000Z (60 s ago)");
      expect(await left()).toEqual([["none"], []]);
    }
  });

  test.each([
    {},
    { everything: false },
    { name: "a", everything: true },
    { tenant: "" },
    { before: START },
    { everything: true, before: "yesterday" },
  ])("refuses %j, and clears nothing", async (request) => {
    const { app, left } = await filled();
    pass(1);
    await expect(run(app, "clear", request)).rejects.toMatchObject(refused);
    expect(await left()).toEqual([
      ["acme", "none"],
      ["acme", "none"],
    ]);
  });
});

test("operate:purge deletes at once what has expired", async () => {
  const app = createApp();
  await app.act((ctx) => app.cache({ ttl: SECOND }).put(ctx, {}, 1));
  pass(HOUR);
  expect(await run(app, "purge", {})).toMatchObject({ note: expect.any(String) as string });
  await finishBackground(app);
  expect((await app.stored()).values).toEqual([]);
});
