/** What the functions of a page of the app's own answer, and whom they let in. */
import { describe, expect, test, vi } from "vitest";
import { makeFunctionReference } from "convex/server";
import { modules, schema } from "../../test.js";
import { DAY, HOUR, MINUTE, SECOND } from "../../shared/time.js";
import { component, createApp } from "../../testing/app.js";
import { finishBackground, keepHouse } from "../../testing/background.js";
import { withoutClock } from "../../testing/clock.js";
import { upTo } from "../../testing/listing.js";
import { seed, writeEntry } from "../../testing/seed.js";
import { virtualTime } from "../../testing/time.js";
import {
  inspectorApi,
  type InspectorOptions,
  invalidateTags,
  isCacheError,
  refresher,
  verdict,
} from "../index.js";

const START = Date.parse("2026-11-01T12:00:00.000Z");
const MIB = 1024 * 1024;

virtualTime(START, { quietly: true });

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const WRITES = ["expire", "remove", "refresh", "invalidateTag", "clear"];

/** An app that exports an inspector; `inspect` calls a function of it by its name. */
function createInspected(options: Partial<InspectorOptions> = {}, clockless: string[] = []) {
  const caches: ReturnType<ReturnType<typeof createApp>["cache"]>[] = [];
  const functions = inspectorApi(component, { allow: () => true, ...options });
  const app = createApp({
    ...withoutClock(
      { "./inspector.ts": () => Promise.resolve(functions) },
      "./inspector.ts",
      clockless,
    ),
    "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => caches[0]!) }),
  });
  type Functions = typeof functions;
  // The references of an app's own `api`, whose types this test has not.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const inspect = async (name: keyof Functions, args: object = {}): Promise<any> =>
    WRITES.includes(name)
      ? await app.t.mutation(makeFunctionReference<"mutation">(`inspector:${name}`), args as never)
      : await app.t.query(makeFunctionReference<"query">(`inspector:${name}`), args as never);
  return { ...app, caches, inspect };
}

const entry = { name: "test", key: { id: 1 } };
const everyCall: [
  name: Parameters<ReturnType<typeof createInspected>["inspect"]>[0],
  args: object,
][] = [
  ["names", {}],
  ["figures", { name: "test" }],
  ["entries", { name: "test", cursor: null, numItems: 10 }],
  ["entry", entry],
  ["fills", {}],
  ["invalidations", {}],
  ["failures", {}],
  ["expire", entry],
  ["remove", entry],
  ["refresh", entry],
  ["invalidateTag", { tag: "a" }],
  ["clear", { everything: true }],
];

describe("nobody is let in but whom `allow` lets in", () => {
  test.each(everyCall)("by %s, before anything is read or written", async (name, args) => {
    for (const answer of [false, undefined, "yes", {}, Promise.resolve(false)]) {
      const { observer, inspect } = createInspected({ allow: () => answer as boolean });
      observer.fault = () => {
        throw new Error("the database was reached");
      };
      const error: unknown = await inspect(name, args).catch((error: unknown) => error);
      expect(isCacheError(error) && error.data.code).toBe("NOT_ALLOWED");
      expect(error).not.toMatchObject({
        data: { message: expect.stringContaining("yes") as string },
      });
    }
  });

  test.each(everyCall)("by %s, where it throws or rejects", async (name, args) => {
    const fails = () => {
      throw new Error("who are you?");
    };
    for (const allow of [fails, () => Promise.reject(new Error("who are you?"))]) {
      const { observer, inspect } = createInspected({ allow });
      observer.fault = () => {
        throw new Error("the database was reached");
      };
      await expect(inspect(name, args)).rejects.toThrow("who are you?");
    }
  });

  test("and it is asked what for, with the caller's context", async () => {
    const asked: string[] = [];
    const { inspect } = createInspected({
      allow: async (ctx, access) => {
        expect(await ctx.auth.getUserIdentity()).toBeNull();
        asked.push(access);
        return true;
      },
    });
    for (const [name, args] of everyCall) {
      asked.length = 0;
      await inspect(name, args);
      expect(asked).toEqual(
        WRITES.includes(name) ? ["write"] : name === "entry" ? ["read", "value"] : ["read"],
      );
    }
  });

  test.each([undefined, null, true, "everybody"])("`allow: %j` is refused at once", (allow) => {
    let error: unknown;
    try {
      inspectorApi(component, { allow: allow as never });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ data: { code: "ALLOW_REQUIRED" } });
  });
});

describe("the names", () => {
  test("are those of entries and of figures, each once", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache({ name: "b" }).put(ctx, { id: 1 }, 1));
    await app.act((ctx) => app.cache({ name: "b" }).put(ctx, { id: 2 }, 1));
    await app.act((ctx) =>
      app.cache({ name: "", action: makeFunctionReference("z:z") as never }).put(ctx, {}, 1),
    );
    const counted = app.cache({ name: "a", stats: true });
    await app.act((ctx) => counted.put(ctx, {}, 1));
    await app.act((ctx) => counted.remove(ctx, {}));
    await keepHouse(app);
    expect(await app.inspect("names")).toEqual({ names: ["a", "b", "z:z"], isDone: true });
  });

  test("of thousands of entries cost one document each", async () => {
    const app = createInspected();
    await seed(app, { count: 3000, bytesEach: 100 }, (ctx, id) =>
      writeEntry(ctx, { name: `cache ${id % 3}`, args: { id }, value: id }),
    );
    const before = app.observer.counts.documentsRead;
    expect((await app.inspect("names")).names).toEqual(["cache 0", "cache 1", "cache 2"]);
    expect(app.observer.counts.documentsRead - before).toBeLessThan(10);
  });

  test.each([
    [1000, 10],
    [20, MIB - 5000],
  ])("of %i caches with values of %i bytes come in pages", async (count, bytes) => {
    const app = createInspected();
    await seed(app, { count, bytesEach: bytes }, (ctx, id) =>
      writeEntry(ctx, { name: `cache ${1000 + id}`, args: {}, value: "x".repeat(bytes) }),
    );
    const all: string[] = [];
    let pages = 0;
    for (let isDone = false; !isDone; pages++) {
      const page = await app.inspect("names", all.length === 0 ? {} : { after: all.at(-1) });
      all.push(...page.names);
      isDone = page.isDone;
    }
    expect(all).toEqual(upTo(count).map((id) => `cache ${1000 + id}`));
    expect(pages).toBeGreaterThan(3);
  });
});

describe("entries", () => {
  const listed = (app: ReturnType<typeof createInspected>, what: object = {}) =>
    app.inspect("entries", { name: "test", cursor: null, numItems: 100, ...what });

  test("are found by tenant, by tag, and by a part of their arguments or key", async () => {
    const app = createInspected();
    const cache = app.cache();
    await app.act((ctx) => cache.put(ctx, { city: "Paris" }, 1, { tags: ["a"] }));
    await app.act((ctx) => cache.forTenant("acme").put(ctx, { city: "Rome" }, 1));
    await app.act((ctx) => app.cache({ key: () => "Oslo" }).put(ctx, {}, 1));
    const names = async (what: object) =>
      ((await listed(app, what)).page as { args: { city: string } | null; key?: string }[])
        .map(({ args, key }) => args?.city ?? key)
        .sort();
    expect(await names({})).toEqual(["Oslo", "Paris", "Rome"]);
    expect(await names({ tag: "a" })).toEqual(["Paris"]);
    expect(await names({ tenant: "acme" })).toEqual(["Rome"]);
    expect(await names({ search: "pAr" })).toEqual(["Paris"]);
    expect(await names({ search: "slo" })).toEqual(["Oslo"]);
    expect(await names({ search: "" })).toHaveLength(3);
  });

  test("are judged by the options of their cache where these are known", async () => {
    const options = { staleWhileRevalidate: DAY };
    const cache = createApp().cache({ ttl: HOUR, ...options });
    const known = createInspected({ caches: [cache] });
    const unknown = createInspected();
    for (const app of [known, unknown]) await app.act((ctx) => cache.put(ctx, { id: 1 }, 1));
    expect((await listed(known)).page[0].staleUntil).toBe(START + HOUR + DAY);
    expect((await listed(unknown)).page[0].staleUntil).toBe(START + HOUR);
    pass(2 * HOUR);
    for (const [app, knowsOptions, state] of [
      [known, true, "stale"],
      [unknown, false, "miss"],
    ] as const) {
      const answer = await app.inspect("entry", entry);
      expect(answer).toMatchObject({ knowsOptions });
      expect(verdict(answer.explanation, Date.now()).state).toBe(state);
    }
  });

  test("refuse a page size and a cursor that are none", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, {}, 1));
    for (const bad of [{ numItems: 0 }, { tag: "" }, { tenant: "" }, { cursor: "nonsense" }]) {
      const error: unknown = await listed(app, bad).catch((error: unknown) => error);
      expect(isCacheError(error)).toBe(true);
    }
  });
});

describe("one entry", () => {
  const valueOf = async (app: ReturnType<typeof createInspected>) =>
    (await app.inspect("entry", entry)).value;

  test("comes with its value, as JSON", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, { n: 1n, text: "x" }));
    const json = '{"n":{"$integer":"AQAAAAAAAAA="},"text":"x"}';
    expect(await valueOf(app)).toEqual({ kind: "shown", json, isCut: false });
  });

  test.each([
    ["inline", 100_000],
    ["in parts", 3 * MIB],
  ])("comes with the beginning of a value that is large and lies %s", async (_, length) => {
    const app = createInspected();
    const value = `${"x".repeat(16 * 1024 - 2)}🌮${"x".repeat(length)}`;
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, value));
    const shown = await valueOf(app);
    expect(shown).toMatchObject({ kind: "shown", isCut: true });
    // Half of the taco is replaced, as Convex would refuse it.
    expect(shown.json).toBe(`"${"x".repeat(16 * 1024 - 2)}\ufffd`);
  });

  test("comes without its value for those who may not see values, who do not read it", async () => {
    const app = createInspected({ allow: (_, access) => access !== "value" });
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, "secret".repeat(MIB / 3)));
    const { bytesRead } = app.observer.counts;
    const answer = await app.inspect("entry", entry);
    expect(answer.value).toEqual({ kind: "withheld" });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(app.observer.counts.bytesRead - bytesRead).toBeLessThan(10_000);
  });

  test("withholds the value where a `checkValue` reads it all the same", async () => {
    const cache = createApp().cache({ checkValue: () => false });
    const app = createInspected({ allow: (_, access) => access === "read", caches: [cache] });
    await app.act((ctx) => cache.put(ctx, { id: 1 }, "secret"));
    const answer = await app.inspect("entry", entry);
    expect(answer.explanation.entry.unusable).toBe("shape");
    expect(JSON.stringify(answer)).not.toContain("secret");
  });

  test("shows nothing of what was removed and is still stored (guarantee 3)", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, "secret", { tags: ["a"] }));
    await app.act((ctx) => invalidateTags(ctx, component, ["a"]));
    const answer = await app.inspect("entry", entry);
    expect(answer.explanation.invalidatedBy).toMatchObject({ by: "tag", tag: "a" });
    expect(answer.value).toEqual({ kind: "none" });
  });

  test("that is not stored has no value", async () => {
    expect(await valueOf(createInspected())).toEqual({ kind: "none" });
  });
});

describe("an entry is operated on by its stored key", () => {
  async function stored(options: Partial<InspectorOptions> = {}) {
    const app = createInspected(options);
    const cache = app
      .cache({ key: ({ id }) => [id!], ttl: HOUR, staleIfError: DAY })
      .forTenant("acme");
    await app.act((ctx) => cache.put(ctx, { id: 1 }, "value"));
    const listing = { name: "test", cursor: null, numItems: 10 };
    const {
      page: [{ storedKey, tenant }],
    } = await app.inspect("entries", listing);
    const peek = () => app.t.query((ctx) => cache.peek(ctx, { id: 1 }));
    return {
      app,
      cache,
      peek,
      key: { name: "test", key: storedKey as unknown, tenant: tenant as string },
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
    pass(MINUTE);
    expect(await app.inspect("expire", key)).toBeNull();
    expect(await peek()).toMatchObject({ expiresAt: START + MINUTE });
    expect((await app.stored()).metadata).toMatchObject([{ expiresAt: START + MINUTE + DAY }]);
  });

  test("expired that had no end, and kept for a day", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, 1));
    await app.inspect("expire", entry);
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
    for (const { storedKey } of page as { storedKey: unknown }[]) {
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

test("no query reads the clock, so a page that shows them is live (guarantee 5)", async () => {
  const cache = createApp().cache({ stats: true, errorTtl: HOUR, idleTtl: HOUR });
  const queries = everyCall.slice(0, 7);
  const app = createInspected(
    { caches: [cache] },
    queries.map(([name]) => name),
  );
  const clockless = [
    ["./component/inspect.ts", ["names", "list", "explain", "fills", "failures", "invalidations"]],
    ["./component/stats.ts", ["get"]],
  ] as const;
  const watched = clockless.reduce(
    (all, [path, names]) => withoutClock(all, path, [...names]),
    modules as Parameters<typeof withoutClock>[0],
  );
  app.t.registerComponent("actionCache", schema, watched);
  const looksAt = async () => {
    for (const [name, args] of queries) await app.inspect(name, args);
  };
  app.upstream.answer = async ({ id }) => {
    await looksAt();
    if (id === 2) throw new Error("down");
    return "value";
  };
  await app.act((ctx) => cache.fetch(ctx, { id: 1 }));
  await app.act((ctx) => cache.fetch(ctx, { id: 2 })).catch(() => {});
  pass(SECOND);
  await app.act((ctx) => invalidateTags(ctx, component, ["a"]));
  await looksAt();
  expect((await app.inspect("failures")).items).toMatchObject([
    { name: "test", until: START + HOUR, message: expect.stringContaining("down") as string },
  ]);
  expect(await app.inspect("figures", { name: "test" })).toMatchObject({ fills: 2, errors: 1 });
});
