/** Whom the functions of an inspector let in, and that they are live. */
import { describe, expect, test, vi } from "vitest";
import { HOUR, SECOND } from "../../shared/time.js";
import { modules, schema } from "../../test.js";
import { component, createApp } from "../../testing/app.js";
import { withoutClock } from "../../testing/clock.js";
import { createInspected, READS, WRITES } from "../../testing/inspected.js";
import { virtualTime } from "../../testing/time.js";
import { inspectorApi, invalidateTags, isCacheError } from "../index.js";

const EVERY = [...READS, ...WRITES];
const START = Date.parse("2026-11-01T12:00:00.000Z");

virtualTime(START, { quietly: true });

describe("nobody is let in but whom `allow` lets in", () => {
  test.each(EVERY)("by %s, before anything is read or written", async (name, args) => {
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

  test.each(EVERY)("by %s, where it throws or rejects", async (name, args) => {
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
    for (const [name, args] of EVERY) {
      asked.length = 0;
      await inspect(name, args);
      expect(asked).toEqual(
        WRITES.some(([write]) => write === name)
          ? ["write"]
          : name === "entry"
            ? ["read", "value"]
            : ["read"],
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

test("no query reads the clock, so a page that shows them is live (guarantee 5)", async () => {
  const cache = createApp().cache({ stats: true, errorTtl: HOUR, idleTtl: HOUR });
  const queries = READS;
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
  vi.setSystemTime(Date.now() + SECOND);
  await app.act((ctx) => invalidateTags(ctx, component, ["a"]));
  await looksAt();
  expect((await app.inspect("failures")).items).toMatchObject([
    { name: "test", until: START + HOUR, message: expect.stringContaining("down") as string },
  ]);
  expect(await app.inspect("figures", { name: "test" })).toMatchObject({ fills: 2, errors: 1 });
});
