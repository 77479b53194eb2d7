import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { isCacheError } from "../shared/errors.js";
import { removeAll } from "./invalidate.js";
import type { ActionContext } from "./contexts.js";

/** What a value is that the types refuse, and that plain JavaScript may pass. */
const untyped = <T>(value: unknown) => value as T;

const TTLS = [
  [-1, "-1"],
  [-Infinity, "-Infinity"],
  [NaN, "NaN"],
  ["1 hour", "'1 hour'"],
  [5n, "5n"],
  [{ minutes: 5 }, "an object"],
] as const;

const BATCH_SIZES = [
  [0, "0"],
  [-1, "-1"],
  [1.5, "1.5"],
  [1001, "1001"],
  [NaN, "NaN"],
  [Infinity, "Infinity"],
  ["10", "'10'"],
  [null, "null"],
] as const;

virtualTime(1_000_000);

/** What an attempt was refused with; fails if it was not, or if anything ran or was written. */
async function refusalOf(
  attempt: (ctx: ActionContext, app: ReturnType<typeof createApp>) => unknown,
) {
  const app = createApp();
  await app.act((ctx) => app.cache({ name: "kept" }).fetch(ctx, { id: 1 }));
  const before = await app.stored();
  const runsBefore = app.upstream.runs;
  app.observer.reset();
  const error: unknown = await app
    .act(async (ctx) => {
      await attempt(ctx, app);
    })
    .then(
      () => expect.fail("was not refused"),
      (reason: unknown) => reason,
    );
  if (!isCacheError(error)) throw error;
  expect(await app.stored()).toEqual(before);
  expect(app.upstream.runs).toBe(runsBefore);
  expect(app.observer.calls).toBe(0);
  return error.data;
}

describe("a ttl that is no number of milliseconds from 0 is refused", () => {
  const message = (option: string, text: string) =>
    `action cache \`test\`: ${option} is ${text}. ` +
    "Give a number of milliseconds from 0. Null is no expiry; none at all is " +
    (option === "`ttl`" ? "no expiry too." : "the configured ttl.");

  test.each(TTLS)("by the constructor: %s", async (ttl, text) => {
    const data = await refusalOf((_, { cache }) => cache({ ttl: untyped(ttl) }));
    expect(data).toEqual({
      code: "INVALID_TTL",
      cache: "test",
      option: "`ttl`",
      value: text,
      message: message("`ttl`", text),
    });
  });

  test.each(TTLS)("by fetch: %s", async (ttl, text) => {
    const options = { ttl: untyped<number>(ttl) };
    const data = await refusalOf((ctx, { cache }) => cache().fetch(ctx, { id: 1 }, options));
    const option = "the `ttl` of this fetch";
    expect(data).toMatchObject({ code: "INVALID_TTL", cache: "test", option, value: text });
    expect(data.message).toBe(message(option, text));
  });

  test.each(TTLS)("by a forced fetch: %s", async (ttl) => {
    const options = { ttl: untyped<number>(ttl), force: true };
    const data = await refusalOf((ctx, { cache }) => cache().fetch(ctx, { id: 1 }, options));
    expect(data.code).toBe("INVALID_TTL");
  });

  test.each(TTLS)("by put: %s", async (ttl, text) => {
    const options = { ttl: untyped<number>(ttl) };
    const data = await refusalOf((ctx, { cache }) => cache().put(ctx, { id: 1 }, 1, options));
    const option = "the `ttl` of this put";
    expect(data).toMatchObject({ code: "INVALID_TTL", cache: "test", option, value: text });
    expect(data.message).toBe(message(option, text));
  });

  test.each(TTLS)("by put, where a function returns it: %s", async (ttl, text) => {
    const config = { ttl: () => untyped<number>(ttl) };
    const data = await refusalOf((ctx, { cache }) => cache(config).put(ctx, { id: 1 }, 1));
    expect(data).toMatchObject({ code: "INVALID_TTL", cache: "test", value: text });
  });

  test.each([0, 0.5, 1, Number.MAX_VALUE, Infinity, null, undefined])("and %s is not", (ttl) => {
    expect(createApp().cache({ ttl }).name).toBe("test");
  });
});

describe("a ttl function that returns nonsense costs no one the value (guarantee 7)", () => {
  test.each(TTLS)("%s", async (ttl, text) => {
    const { act, cache, events, stored } = createApp();
    const values = cache({ ttl: () => untyped<number>(ttl) });
    expect(await act((ctx) => values.fetch(ctx, { id: 1 }))).toBe(1);
    expect(events).toMatchObject([{ get: "miss", put: "skipped" }]);
    expect(events[0]!.reason).toContain(text);
    expect((await stored()).values).toEqual([]);
  });
});

describe("a jitter outside 0 to 1 is refused", () => {
  test.each([
    [-0.1, "-0.1"],
    [1.1, "1.1"],
    [NaN, "NaN"],
    ["0.5", "'0.5'"],
    [null, "null"],
  ])("by the constructor: %s", async (jitter, text) => {
    const data = await refusalOf((_, { cache }) => cache({ jitter: untyped(jitter) }));
    expect(data).toEqual({
      code: "INVALID_JITTER",
      cache: "test",
      option: "`jitter`",
      value: text,
      message:
        `action cache \`test\`: \`jitter\` is ${text}. ` +
        "Give the largest part of the ttl to take off, as a fraction from 0 to 1.",
    });
  });

  test.each([0, 0.5, 1, undefined])("and %s is not", (jitter) => {
    expect(createApp().cache({ jitter }).name).toBe("test");
  });
});

describe("a batch size that is not an integer from 1 to 1,000 is refused", () => {
  test.each(BATCH_SIZES)("by removeAllForName: %s", async (batchSize, text) => {
    const options = { batchSize: untyped<number>(batchSize) };
    const data = await refusalOf((ctx, { cache }) => cache().removeAllForName(ctx, options));
    expect(data).toEqual({
      code: "INVALID_BATCH_SIZE",
      cache: "test",
      option: "`batchSize`",
      value: text,
      message:
        `action cache \`test\`: \`batchSize\` is ${text}. ` +
        "Give an integer from 1 to 1000, or leave it out.",
    });
  });

  test.each([1, 1000, undefined])("and %s is not", async (batchSize) => {
    const { act, cache } = createApp();
    const options = batchSize === undefined ? {} : { batchSize };
    expect(await act((ctx) => cache().removeAllForName(ctx, options))).toBeNull();
  });
});

describe("a `before` that is no time is refused", () => {
  const cases = [
    [NaN, "NaN"],
    ["2026-01-01", "'2026-01-01'"],
    [null, "null"],
    [new Date(0), "an object"],
  ] as const;

  test.each(cases)("by removeAll: %s", async (before, text) => {
    const data = await refusalOf((ctx) => removeAll(ctx, component, untyped(before)));
    expect(data).toEqual({
      code: "INVALID_BEFORE",
      option: "`before`",
      value: text,
      message:
        `action cache: \`before\` is ${text}. ` +
        "Give a time in milliseconds since 1970, or leave it out to clear everything.",
    });
  });

  test.each(cases)("by the deprecated method: %s", async (before) => {
    const data = await refusalOf((ctx, { cache }) => cache().removeAll(ctx, untyped(before)));
    expect(data.code).toBe("INVALID_BEFORE");
  });
});

describe("a value to put that is over 4 MiB is refused", () => {
  test("by the client", async () => {
    const value = "x".repeat(4 * 1024 * 1024);
    const data = await refusalOf((ctx, { cache }) => cache().put(ctx, { id: 1 }, value));
    expect(data).toMatchObject({ code: "VALUE_TOO_LARGE", cache: "test" });
    expect(data.message).toContain("file storage");
  });

  test("by lib.put", async () => {
    const { t, stored } = createApp();
    const value = "x".repeat(4 * 1024 * 1024);
    const putting = t.mutation(component.lib.put, { name: "n", args: {}, value, ttl: null });
    await expect(putting).rejects.toMatchObject({ data: { code: "VALUE_TOO_LARGE", cache: "n" } });
    expect((await stored()).values).toEqual([]);
  });
});

test("the value of a refusal is cut short", async () => {
  const data = await refusalOf((_, { cache }) => cache({ ttl: untyped("x".repeat(100_000)) }));
  expect(data.message.length).toBeLessThan(300);
  expect(data.value).toContain("100000 characters");
});

test("a refusal in a mutation leaves to the mutation what it wrote itself", async () => {
  const { t, cache, stored } = createApp();
  const values = cache();
  await t.mutation(async (ctx) => {
    await values.put(ctx, { id: 1 }, 1);
    const refused = values.put(ctx, { id: 2 }, 2, { ttl: -1 });
    await expect(refused).rejects.toSatisfy(isCacheError);
  });
  expect((await stored()).values).toMatchObject([{ args: { id: 1 } }]);
});

describe("a bound that nothing, or no number, comes within is refused", () => {
  test.each([
    ["maxEntries", 0, "an integer"],
    ["maxEntries", 1.5, "an integer"],
    ["maxEntries", NaN, "an integer"],
    ["maxEntries", Infinity, "an integer"],
    ["maxEntries", "10", "an integer"],
    ["maxBytes", 0.5, "a number of bytes"],
    ["maxBytes", -1, "a number of bytes"],
    ["maxBytes", NaN, "a number of bytes"],
    ["maxBytes", null, "a number of bytes"],
    ["idleTtl", 0, "a number of milliseconds"],
    ["idleTtl", -1, "a number of milliseconds"],
    ["idleTtl", NaN, "a number of milliseconds"],
  ])("%s: %s", async (option, value, what) => {
    const refused = await refusalOf((_, app) => app.cache(untyped({ [option]: value })));
    expect(refused).toMatchObject({ code: "INVALID_BOUND", option: `\`${option}\`` });
    expect(refused.message).toContain(`Give ${what} from 1, or leave it out for no bound.`);
  });
});

describe("figures are refused", () => {
  test.each([0, -0.1, 1.5, NaN, "half"])("with a sample of %s", async (sample) => {
    const refused = await refusalOf((_, app) => app.cache({ stats: untyped({ sample }) }));
    expect(refused).toMatchObject({ code: "INVALID_SAMPLE", option: "`stats`" });
    expect(refused.message).toContain(`\`stats\` is a sample of ${sample}`);
  });

  test.each(["yes", 1, null])("where `stats` is %s", async (stats) => {
    const refused = await refusalOf((_, app) => app.cache({ stats: untyped(stats) }));
    expect(refused).toMatchObject({ code: "INVALID_SAMPLE", option: "`stats`" });
  });

  test.each([NaN, "today"])("since %s", async (since) => {
    const refused = await refusalOf((ctx, app) =>
      app.cache({ stats: true }).stats(ctx, { since: untyped(since) }),
    );
    expect(refused).toMatchObject({ code: "INVALID_SINCE", option: "`since`" });
  });

  test("of a cache that keeps none", async () => {
    const refused = await refusalOf((ctx, app) => app.cache().stats(ctx));
    expect(refused).toMatchObject({ code: "STATS_REQUIRED", option: "`stats`" });
  });
});
