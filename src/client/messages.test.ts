/** Each refusal says what to do, in words that fit the option. */
import { componentsGeneric } from "convex/server";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { compute } from "../testing/app.js";
import { component, createApp } from "../testing/app.js";
import { ALL_TENANTS, ActionCache, invalidateTags, isCacheError } from "./index.js";

afterEach(() => void vi.restoreAllMocks());

async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (isCacheError(error)) return `${error.data.code}: ${error.data.message}`;
    throw error;
  }
  throw new Error("nothing was refused");
}

const untyped = <T>(value: unknown) => value as T;

describe("options", () => {
  test.each([
    [{ errorTtl: -1 }, "INVALID_TTL", /`errorTtl` is -1\. .*leave it out for none/],
    [{ ttl: -1 }, "INVALID_TTL", /`ttl` is -1\. .*Null is no expiry; none at all is no expiry too/],
    [{ staleIfError: NaN }, "INVALID_WINDOW", /`staleIfError` is NaN\. .*leave it out for none/],
    [{ jitter: 2 }, "INVALID_JITTER", /`jitter` is 2\. .*fraction from 0 to 1/],
    [{ ttl: "1 h" }, "INVALID_TTL", /`ttl` is '1 h'\. /],
    [{ ttl: "🌮".repeat(100) }, "INVALID_TTL", /characters/],
    [
      { staleWhileRevalidate: 1, tags: () => [] },
      "REFRESHER_REQUIRED",
      /`staleWhileRevalidate` refreshes .*`tags`.*Export `refresher/,
    ],
  ])("%o", async (config, code, message) => {
    const refused = await messageOf(() => createApp().cache(untyped(config)));
    expect(refused).toMatch(new RegExp(`^${code}: action cache \`test\`: `));
    expect(refused).toMatch(message);
    // Whole characters only, and nothing escaped, as a deployment's log shows it.
    expect(JSON.stringify(refused)).not.toMatch(/\\u|\\"/);
  });

  test("no action, or none that a name can be derived from", async () => {
    const { lib } = componentsGeneric().other as unknown as { lib: { embed: typeof compute } };
    const withoutName = () => new ActionCache(component, { action: lib.embed });
    expect(await messageOf(withoutName)).toMatch(/^NAME_REQUIRED: .*component's: give one/);
    expect(new ActionCache(component, { action: lib.embed, name: "embed" }).name).toBe("embed");
    const withoutAction = () => new ActionCache(component, untyped<never>({ name: "a" }));
    expect(await messageOf(withoutAction)).toMatch(
      /^ACTION_REQUIRED: .*`a`: `action` is undefined/,
    );
  });
});

describe("calls", () => {
  test("fetch in a query says to use peek", async () => {
    const { t, cache } = createApp();
    for (const method of ["fetch", "fetchEntry"] as const) {
      const refused = await messageOf(() =>
        t.query((ctx) => cache()[method](untyped(ctx), {}) as Promise<null>),
      );
      expect(refused).toMatch(/^WRONG_CONTEXT: action cache `test`: .*in a query, call `peek`/);
    }
  });

  test.each([
    [{ at: new Date(0) }, /Date/],
    [{ $x: 1 }, /\$x/],
    [{ text: "half 🌮".slice(0, 6) }, /surrogate/],
  ])("arguments that Convex does not take, %o, in all but an action's fetch", async (args, why) => {
    const { t, cache } = createApp();
    const given = untyped<never>(args);
    for (const work of [
      (ctx: never) => cache().fetch(ctx, given),
      (ctx: never) => cache().refresh(ctx, given),
      (ctx: never) => cache().peek(ctx, given),
      (ctx: never) => cache().put(ctx, given, 1),
      (ctx: never) => cache().remove(ctx, given),
      (ctx: never) => cache().expire(ctx, given),
    ]) {
      const refused = await messageOf(() =>
        t.mutation((ctx) => work(ctx as never).then(() => null)),
      );
      expect(refused).toMatch(/^INVALID_ARGS: action cache `test`: an argument is none that/);
      expect(refused).toMatch(why);
    }
  });

  test("fetchEntry in a mutation says where to call it", async () => {
    const { t, cache } = createApp();
    const refused = await messageOf(() =>
      t.mutation((ctx) => cache().fetchEntry(untyped(ctx), {}) as Promise<never>),
    );
    expect(refused).toMatch(/^WRONG_CONTEXT: .*Call `fetchEntry` in an action/);
  });

  test.each([
    [undefined, /is undefined\. Give a Convex value, such as null/],
    [new Date(0), /Give a Convex value.*Date/],
    [() => 1, /is a function\. Give a Convex value/],
    ["half 🌮".slice(0, 6), /half of a surrogate pair/],
  ])("put of %s", async (value, message) => {
    const { act, cache, stored } = createApp();
    const refused = await messageOf(() =>
      act((ctx) =>
        cache()
          .put(ctx, {}, untyped(value))
          .then(() => null),
      ),
    );
    expect(refused).toMatch(/^INVALID_VALUE: action cache `test`: the value to put /);
    expect(refused).toMatch(message);
    expect((await stored()).values).toEqual([]);
  });

  test("the deprecated removeAll of a tenant's view would clear every tenant, and is refused", async () => {
    const { act, cache, t } = createApp();
    await t.mutation((ctx) => cache().put(ctx, {}, 1));
    const refused = await messageOf(() => act((ctx) => cache().forTenant("acme").removeAll(ctx)));
    expect(refused).toMatch(/^REFUSED_ON_TENANT: .*'acme'.*`removeAllForName`/);
    expect((await t.query((ctx) => cache().peek(ctx, {})))?.value).toBe(1);
    await act((ctx) => cache().removeAll(ctx));
    expect(await t.query((ctx) => cache().peek(ctx, {}))).toBeNull();
  });

  test("200 tags of which 20 are distinct are taken, 129 distinct ones are not", async () => {
    const { act, cache, stored } = createApp();
    const tags = (distinct: number) => Array.from({ length: 200 }, (_, n) => `t${n % distinct}`);
    await act((ctx) =>
      cache()
        .put(ctx, {}, 1, { tags: tags(20) })
        .then(() => null),
    );
    expect((await stored()).values[0]!.tags).toHaveLength(20);
    await act((ctx) => invalidateTags(ctx, component, tags(20), { tenant: ALL_TENANTS }));
    expect((await stored()).invalidations).toHaveLength(20);
    for (const work of [
      () =>
        act((ctx) =>
          cache()
            .put(ctx, {}, 1, { tags: tags(129) })
            .then(() => null),
        ),
      () => act((ctx) => invalidateTags(ctx, component, tags(129))),
    ]) {
      expect(await messageOf(work)).toMatch(/^TOO_MANY_TAGS: .*an array of 129.*at most 128/);
    }
  });

  test("put with tags or a ttl does not call the configured functions for them", async () => {
    const { act, cache, stored } = createApp();
    const tags = vi.fn(() => ["configured"]);
    const ttl = vi.fn(() => 1);
    const values = cache({ tags, ttl });
    await act((ctx) => values.put(ctx, {}, 1, { tags: ["given"], ttl: null }).then(() => null));
    expect((await stored()).values).toMatchObject([{ tags: ["given"] }]);
    expect((await stored()).metadata).toEqual([]);
    expect(tags).not.toHaveBeenCalled();
    expect(ttl).not.toHaveBeenCalled();
  });
});

describe("the component's functions, called by hand with what no client sends", () => {
  const key = { name: "test", key: {} };
  const options = { content: { value: 1 }, ttl: null, retain: 0 };
  const { entries, fills } = component;
  const runner = { kind: "component", action: "", ttl: 1, jitter: 0, retain: 0, errorTtl: 0 };
  const request = { ...key, force: false, args: { value: {} }, runner };

  test.each<[string, string, (ctx: never) => Promise<unknown>]>(
    (
      [
        ["put", "`retain` is NaN", entries.put, { ...key, options: { ...options, retain: NaN } }],
        ["put", "`ttl` is -1", entries.put, { ...key, options: { ...options, ttl: -1 } }],
        [
          "put",
          "`content.json` is 'nonsense'",
          entries.put,
          { ...key, options: { ...options, content: { json: "nonsense" } } },
        ],
        ["put", "`tags` is ''", entries.put, { ...key, options: { ...options, tags: [""] } }],
        ["expire", "`retain` is NaN", entries.expire, { ...key, retain: NaN }],
        [
          "settle",
          "`fillMs` is NaN",
          fills.settle,
          {
            requests: [{ ...key, token: "t", result: { kind: "value", fillMs: NaN, ...options } }],
          },
        ],
        [
          "settle",
          "`errorTtl` is -1",
          fills.settle,
          {
            requests: [
              {
                ...key,
                token: "t",
                result: {
                  kind: "failed",
                  errorTtl: -1,
                  retryMs: 0,
                  error: { kind: "other", message: "" },
                },
              },
            ],
          },
        ],
        [
          "schedule",
          "`args.json` is '{'",
          fills.schedule,
          { requests: [{ ...request, args: { json: "{" } }] },
        ],
        [
          "schedule",
          "`jitter` is 7",
          fills.schedule,
          { requests: [{ ...request, runner: { ...runner, jitter: 7 } }] },
        ],
        [
          "fetch",
          "`staleIfError` is NaN",
          fills.fetch,
          {
            requests: [
              {
                ...request,
                read: {
                  ttl: null,
                  staleWhileRevalidate: 0,
                  staleIfError: NaN,
                  refreshAhead: false,
                  errorTtl: 0,
                },
              },
            ],
          },
        ],
      ] as [string, string, never, object][]
    ).map(([name, what, reference, args]) => [
      name,
      what,
      (ctx: { runMutation: (reference: never, args: object) => Promise<unknown> }) =>
        ctx.runMutation(reference, args),
    ]),
  )("%s: %s", async (_, what, call) => {
    const { act, stored } = createApp();
    const refused = await messageOf(() => act((ctx) => call(ctx as never)));
    expect(refused).toContain(`INVALID_REQUEST: action cache \`test\`: ${what}`);
    expect(await stored()).toMatchObject({ values: [], fills: [], failures: [] });
  });

  test("a token that is none, or another table's, holds nothing", async () => {
    const { t, cache, stored } = createApp();
    await t.mutation((ctx) => cache().put(ctx, {}, 1));
    const { values } = await stored();
    for (const token of ["nonsense", "", values[0]!._id]) {
      expect(await t.mutation(fills.heartbeat, { tokens: [token] })).toEqual([]);
      const begun = await t.mutation(fills.begin, { requests: [{ token, name: "test" }] });
      expect(begun).toEqual([{ kind: "gone" }]);
      const result = { kind: "value" as const, fillMs: 1, ...options };
      const settled = await t.mutation(fills.settle, { requests: [{ ...key, token, result }] });
      expect(settled).toMatchObject([{ kind: "rejected" }]);
      const requests = [{ ...key, token }];
      expect(await t.query(entries.read, { requests })).toMatchObject([{ fill: null }]);
    }
    expect(await stored()).toMatchObject({ values, fills: [] });
  });
});
