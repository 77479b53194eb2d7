/** What an inspector shows of the entries of caches. */
import { describe, expect, test, vi } from "vitest";
import { makeFunctionReference } from "convex/server";
import { DAY, HOUR } from "../../shared/time.js";
import { component, createApp } from "../../testing/app.js";
import { keepHouse } from "../../testing/background.js";
import { createInspected, ENTRY } from "../../testing/inspected.js";
import { upTo } from "../../testing/listing.js";
import { seed, writeEntry } from "../../testing/seed.js";
import { virtualTime } from "../../testing/time.js";
import { invalidateTags, isCacheError, verdict } from "../index.js";

const MIB = 1024 * 1024;
const START = Date.parse("2026-11-01T12:00:00.000Z");

virtualTime(START, { quietly: true });

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
    expect((await listed(known)).page[0]!.staleUntil).toBe(START + HOUR + DAY);
    expect((await listed(unknown)).page[0]!.staleUntil).toBe(START + HOUR);
    vi.setSystemTime(Date.now() + 2 * HOUR);
    for (const [app, knowsOptions, state] of [
      [known, true, "stale"],
      [unknown, false, "miss"],
    ] as const) {
      const answer = await app.inspect("entry", ENTRY);
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
    (await app.inspect("entry", ENTRY)).value;

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
    // Half of the taco is replaced, as Convex would refuse it.
    const json = `"${"x".repeat(16 * 1024 - 2)}\ufffd`;
    expect(shown).toEqual({ kind: "shown", json, isCut: true });
  });

  test("comes without its value for those who may not see values, who do not read it", async () => {
    const app = createInspected({ allow: (_, access) => access !== "value" });
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, "secret".repeat(MIB / 3)));
    const { bytesRead } = app.observer.counts;
    const answer = await app.inspect("entry", ENTRY);
    expect(answer.value).toEqual({ kind: "withheld" });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(app.observer.counts.bytesRead - bytesRead).toBeLessThan(10_000);
  });

  test("withholds the value where a `checkValue` reads it all the same", async () => {
    const cache = createApp().cache({ checkValue: () => false });
    const app = createInspected({ allow: (_, access) => access === "read", caches: [cache] });
    await app.act((ctx) => cache.put(ctx, { id: 1 }, "secret"));
    const answer = await app.inspect("entry", ENTRY);
    expect(answer.explanation.entry!.unusable).toBe("shape");
    expect(JSON.stringify(answer)).not.toContain("secret");
  });

  test("shows nothing of what was removed and is still stored (guarantee 3)", async () => {
    const app = createInspected();
    await app.act((ctx) => app.cache().put(ctx, { id: 1 }, "secret", { tags: ["a"] }));
    await app.act((ctx) => invalidateTags(ctx, component, ["a"]));
    const answer = await app.inspect("entry", ENTRY);
    expect(answer.explanation.invalidatedBy).toMatchObject({ by: "tag", tag: "a" });
    expect(answer.value).toEqual({ kind: "none" });
  });

  test("that is not stored has no value", async () => {
    expect(await valueOf(createInspected())).toEqual({ kind: "none" });
  });
});
