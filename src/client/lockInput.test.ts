/** What a lock refuses before anything runs or is written. */
import { describe, expect, test } from "vitest";
import { DAY, SECOND } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { createLock } from "../testing/locked.js";
import { virtualTime } from "../testing/time.js";
import type { ActionContext } from "./contexts.js";
import { isCacheError, Lock } from "./index.js";

virtualTime(1_000_000);

/** What a value is that the types refuse, and that plain JavaScript may pass. */
const untyped = <T>(value: unknown) => value as T;

const lock = createLock();

async function refusalOf(attempt: () => unknown) {
  try {
    await attempt();
  } catch (error) {
    if (isCacheError(error)) return error.data;
    throw error;
  }
  return expect.fail("was not refused");
}

/** What an attempt in an action was refused with; fails if anything was called. */
async function refusedInAction(attempt: (ctx: ActionContext) => unknown) {
  const { act, observer } = createApp();
  const data = await act((ctx) => refusalOf(() => attempt(ctx)));
  expect(observer.calls).toBe(0);
  return data;
}

const LABELS = [
  ["", "''"],
  [undefined, "undefined"],
  [null, "null"],
  [1, "1"],
  [["a"], "an array of 1"],
  ["x".repeat(257), `'${"x".repeat(80)}… (257 characters)'`],
  ["half 🌮".slice(0, 6), "'half \ufffd'"],
] as const;

describe("a name that is not a string of 1 to 256 characters is refused", () => {
  test.each(LABELS)("by the constructor: %s", async (name, text) => {
    const data = await refusalOf(() => new Lock(component, { name: untyped(name) }));
    expect(data).toEqual({
      code: "INVALID_NAME",
      option: "the `name` of a lock",
      value: text,
      message:
        `action cache: the \`name\` of a lock is ${text}. Give a string of 1 to 256 ` +
        "characters, none of them cut in half, that says what such locks protect.",
    });
  });

  test("and one of 256 is not", () => {
    expect(new Lock(component, { name: "x".repeat(256) }).name).toHaveLength(256);
  });
});

describe("a ttl that is not a number of milliseconds from a second to a day is refused", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [DAY + 1, "86400001"],
    [-1, "-1"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    ["1 hour", "'1 hour'"],
    [5n, "5n"],
    [null, "null"],
  ])("by the constructor: %s", async (ttl, text) => {
    const data = await refusalOf(() => createLock(untyped(ttl)));
    expect(data).toEqual({
      code: "INVALID_TTL",
      lock: "billing",
      option: "`ttl`",
      value: text,
      message:
        `lock \`billing\`: \`ttl\` is ${text}. Give a number of milliseconds from 1000 to ` +
        "86400000, or leave it out for one minute.",
    });
  });

  test.each([SECOND, 1234.5, DAY, undefined])("and %s is not", (ttl) => {
    expect(createLock(ttl).name).toBe("billing");
  });
});

describe("a key that is not a string of 1 to 256 characters is refused", () => {
  const run = () => expect.fail("ran");
  const CALLS: [string, (ctx: ActionContext, key: string) => Promise<unknown>][] = [
    ["acquire", (ctx, key) => lock.acquire(ctx, key)],
    ["release", (ctx, key) => lock.release(ctx, key, "token")],
    ["withLock", (ctx, key) => lock.withLock(ctx, key, run)],
    ["check", (ctx, key) => lock.check(ctx, key)],
  ];
  const cases = CALLS.flatMap(([method, call]) =>
    LABELS.map(([key, text]) => ({ method, call, key, text })),
  );

  test.each(cases)("by $method: $text", async ({ call, key, text }) => {
    const data = await refusedInAction((ctx) => call(ctx, untyped(key)));
    expect(data).toMatchObject({ code: "INVALID_KEY", lock: "billing", option: "the key" });
    expect(data.message).toBe(
      `lock \`billing\`: the key is ${text}. Give a string of 1 to 256 characters, none of ` +
        "them cut in half, such as the id of the document that the lock protects.",
    );
  });

  test("by assertHeld, and by list", async () => {
    const { t } = createApp();
    const key = await t.mutation((ctx) => refusalOf(() => lock.assertHeld(ctx, "", "token")));
    expect(key).toMatchObject({ code: "INVALID_KEY", option: "the key" });
    const after = await refusedInAction((ctx) => lock.list(ctx, { after: "" }));
    expect(after).toMatchObject({ code: "INVALID_KEY", option: "`after`", value: "''" });
  });
});

describe("a wait that is not a number of milliseconds from 0 is refused", () => {
  test.each([
    [-1, "-1"],
    [NaN, "NaN"],
    ["1 s", "'1 s'"],
    [null, "null"],
  ])("%s", async (wait, text) => {
    const options = { wait: untyped<number>(wait) };
    const refused = { code: "INVALID_WAIT", lock: "billing", option: "`wait`", value: text };
    expect(await refusedInAction((ctx) => lock.acquire(ctx, "a", options))).toMatchObject(refused);
    const withLock = (ctx: ActionContext) => lock.withLock(ctx, "a", () => 1, options);
    expect(await refusedInAction(withLock)).toMatchObject(refused);
  });

  test("and so is any wait in a mutation", async () => {
    const { t, stored } = createApp();
    const data = await t.mutation((ctx) =>
      refusalOf(() => lock.acquire(untyped<ActionContext>(ctx), "a", { wait: 1 })),
    );
    expect(data).toMatchObject({ code: "INVALID_WAIT", value: "1" });
    expect(data.message).toContain("A mutation can't wait");
    expect((await stored()).locks).toEqual([]);
  });
});

describe("a token that is not a string is refused", () => {
  test.each([
    [null, "null"],
    [undefined, "undefined"],
    ["", "''"],
    [1, "1"],
  ])("%s", async (token, text) => {
    const refused = { code: "INVALID_TOKEN", lock: "billing", option: "the token", value: text };
    const release = (ctx: ActionContext) => lock.release(ctx, "a", untyped(token));
    expect(await refusedInAction(release)).toMatchObject(refused);
    const { t } = createApp();
    const asserting = t.mutation((ctx) =>
      refusalOf(() => lock.assertHeld(ctx, "a", untyped(token))),
    );
    expect(await asserting).toMatchObject(refused);
  });
});

describe("a context that can't do what is called is refused", () => {
  const refused = { code: "WRONG_CONTEXT", lock: "billing" };

  test("a query's, by all that changes or relies on a lock", async () => {
    const { t } = createApp();
    const CALLS: [string, (ctx: never) => Promise<unknown>, RegExp][] = [
      ["acquire", (ctx) => lock.acquire(ctx, "a"), /a query can only `check` and `list`/],
      ["release", (ctx) => lock.release(ctx, "a", "token"), /a query can only/],
      ["withLock", (ctx) => lock.withLock(ctx, "a", () => 1), /in an action:/],
      ["assertHeld", (ctx) => lock.assertHeld(ctx, "a", "token"), /in a mutation:/],
    ];
    for (const [method, call, message] of CALLS) {
      const data = await t.query((ctx) => refusalOf(() => call(untyped(ctx))));
      expect(data).toMatchObject({ ...refused, option: `the context of \`${method}\`` });
      expect(data.message).toMatch(message);
    }
  });

  test("an action's, by assertHeld: nothing there is a transaction", async () => {
    const data = await refusedInAction((ctx) => lock.assertHeld(untyped(ctx), "a", "token"));
    expect(data).toMatchObject({ ...refused, option: "the context of `assertHeld`" });
  });

  test("a mutation's, by withLock", async () => {
    const { t } = createApp();
    const data = await t.mutation((ctx) =>
      refusalOf(() => lock.withLock(untyped(ctx), "a", () => 1)),
    );
    expect(data).toMatchObject({ ...refused, option: "the context of `withLock`" });
  });
});

test("a lock that is lost names its key and the remedy, and never the token", async () => {
  const { t } = createApp();
  const data = await t.mutation((ctx) => refusalOf(() => lock.assertHeld(ctx, "a", "secret")));
  expect(data).toEqual({
    code: "LOCK_LOST",
    lock: "billing",
    option: "the token",
    value: "not, or no longer, that of the owner of 'a'",
    message:
      "lock `billing`: the token is not, or no longer, that of the owner of 'a'. Acquire the " +
      "lock again and start over: another may have written meanwhile.",
  });
});

describe("the component refuses by itself what no client sends", () => {
  test.each([
    [{ name: "", key: "a", ttl: SECOND }, "`name`"],
    [{ name: "a", key: "", ttl: SECOND }, "`key`"],
    [{ name: "a", key: "x".repeat(257), ttl: SECOND }, "`key`"],
    [{ name: "a", key: "a", ttl: NaN }, "`ttl`"],
    [{ name: "a", key: "a", ttl: 0 }, "`ttl`"],
    [{ name: "a", key: "a", ttl: Infinity }, "`ttl`"],
  ])("%o", async (request, option) => {
    const { t, stored } = createApp();
    const data = await refusalOf(() => t.mutation(component.locks.acquire, request));
    expect(data).toMatchObject({ code: "INVALID_REQUEST", option });
    expect((await stored()).locks).toEqual([]);
  });
});
