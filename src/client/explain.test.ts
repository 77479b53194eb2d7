/** `explain` and `verdict`: a row for each reason why a call is a hit, stale or a miss. */
import { describe, expect, test, vi } from "vitest";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { virtualTime } from "../testing/time.js";
import { LEASE_MS } from "../shared/leaseTimes.js";
import { DAY, HOUR, MINUTE, SECOND } from "../shared/time.js";
import {
  ALL_TENANTS,
  type ActionCache,
  invalidateTags,
  removeAll,
  removeAllForTenant,
  verdict,
} from "./index.js";
import type { Compute } from "../testing/app.js";

const START = Date.parse("2026-11-01T00:00:00.000Z");
const args = { id: 1 };

virtualTime(START, { quietly: true });

type App = ReturnType<typeof createApp>;
type Cache = ActionCache<Compute>;
type Row = {
  /** What happened before the call is explained. */
  given: (app: App, cache: Cache) => Promise<unknown>;
  config?: Parameters<App["cache"]>[0];
  tenant?: string;
  state: "hit" | "stale" | "miss";
  sentence: string;
};

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const put = ({ t }: App, cache: Cache) => t.mutation((ctx) => cache.put(ctx, args, "value"));
const fails = (app: App) => {
  app.upstream.answer = () => {
    throw new Error("down");
  };
};
const fill = async ({ act }: App, cache: Cache) => {
  await act((ctx) => cache.fetch(ctx, args)).catch(() => {});
};
/** Puts the entry and does something to it a minute later, seen a minute after that. */
const thenDo =
  (change: (app: App, cache: Cache) => Promise<unknown>): Row["given"] =>
  async (app, cache) => {
    await put(app, cache);
    pass(MINUTE);
    await change(app, cache);
    pass(MINUTE);
  };

const rows: Record<string, Row> = {
  "never stored": {
    given: () => Promise.resolve(),
    state: "miss",
    sentence: "Nothing is stored.",
  },
  "fresh, and never expiring": {
    given: put,
    state: "hit",
    sentence: "What is stored is fresh, with no end.",
  },
  "fresh for a while": {
    config: { ttl: HOUR },
    given: put,
    state: "hit",
    sentence: "What is stored is fresh until 2026-11-01T01:00:00.000Z.",
  },
  "fresh for longer than a date can tell": {
    config: { ttl: Number.MAX_VALUE },
    given: put,
    state: "hit",
    sentence: "What is stored is fresh, with no end.",
  },
  expired: {
    config: { ttl: HOUR },
    given: thenDo(() => Promise.resolve(pass(2 * HOUR))),
    state: "miss",
    sentence: "What is stored expired at 2026-11-01T01:00:00.000Z.",
  },
  "expired, and served while it is refreshed": {
    config: { ttl: HOUR, staleWhileRevalidate: DAY },
    given: thenDo(() => Promise.resolve(pass(2 * HOUR))),
    state: "stale",
    sentence:
      "What is stored expired at 2026-11-01T01:00:00.000Z; " +
      "it is served stale until 2026-11-02T01:00:00.000Z.",
  },
  "expired by hand": {
    given: thenDo(({ t }, cache) => t.mutation((ctx) => cache.expire(ctx, args))),
    state: "miss",
    sentence: "What is stored expired at 2026-11-01T00:01:00.000Z.",
  },
  "removed by a tag": {
    config: { tags: () => ["users"] },
    given: thenDo(({ t }) => t.mutation((ctx) => invalidateTags(ctx, component, ["users"]))),
    state: "miss",
    sentence:
      "What is stored is not valid; the tag `users` was invalidated at 2026-11-01T00:01:00.000Z.",
  },
  "removed by a tenant's tag": {
    config: { tags: () => ["users"] },
    tenant: "acme",
    given: thenDo(({ t }) =>
      t.mutation((ctx) => invalidateTags(ctx, component, ["users"], { tenant: "acme" })),
    ),
    state: "miss",
    sentence:
      "What is stored is not valid; the tag `users` was invalidated for this tenant at 2026-11-01T00:01:00.000Z.",
  },
  "removed by a tag of all tenants": {
    config: { tags: () => ["users"] },
    tenant: "acme",
    given: thenDo(({ t }) =>
      t.mutation((ctx) => invalidateTags(ctx, component, ["users"], { tenant: ALL_TENANTS })),
    ),
    state: "miss",
    sentence:
      "What is stored is not valid; the tag `users` was invalidated at 2026-11-01T00:01:00.000Z.",
  },
  "expired by a tag": {
    config: { tags: () => ["users"], ttl: HOUR },
    given: thenDo(({ t }) =>
      t.mutation((ctx) => invalidateTags(ctx, component, ["users"], { mode: "expire" })),
    ),
    state: "miss",
    sentence:
      "What is stored is not fresh; the tag `users` was expired at 2026-11-01T00:01:00.000Z.",
  },
  "expired by its time, before a tag expired it": {
    config: { tags: () => ["users"], ttl: SECOND },
    given: thenDo(({ t }) =>
      t.mutation((ctx) => invalidateTags(ctx, component, ["users"], { mode: "expire" })),
    ),
    state: "miss",
    sentence: "What is stored expired at 2026-11-01T00:00:01.000Z.",
  },
  "cleared with its name": {
    given: thenDo(({ t }, cache) => t.mutation((ctx) => cache.removeAllForName(ctx))),
    state: "miss",
    sentence: "What is stored is not valid; the name was cleared at 2026-11-01T00:01:00.000Z.",
  },
  "cleared with its tenant's part of the name": {
    tenant: "acme",
    given: thenDo(({ t }, cache) => t.mutation((ctx) => cache.removeAllForName(ctx))),
    state: "miss",
    sentence:
      "What is stored is not valid; the name was cleared for this tenant at 2026-11-01T00:01:00.000Z.",
  },
  "cleared with its tenant": {
    tenant: "acme",
    given: thenDo(({ t }) => t.mutation((ctx) => removeAllForTenant(ctx, component, "acme"))),
    state: "miss",
    sentence: "What is stored is not valid; the tenant was cleared at 2026-11-01T00:01:00.000Z.",
  },
  "cleared with everything": {
    given: thenDo(({ t }) => t.mutation((ctx) => removeAll(ctx, component))),
    state: "miss",
    sentence: "What is stored is not valid; everything was cleared at 2026-11-01T00:01:00.000Z.",
  },
  "cleared with what is old": {
    given: thenDo(({ t }) => t.mutation((ctx) => removeAll(ctx, component, START + SECOND))),
    state: "miss",
    sentence:
      "What is stored is not valid; everything was cleared at 2026-11-01T00:01:00.000Z " +
      "for what was created up to 2026-11-01T00:00:01.000Z.",
  },
  "cleared more than once: the latest counts": {
    given: thenDo(async ({ t }, cache) => {
      await t.mutation((ctx) => cache.removeAllForName(ctx));
      pass(SECOND);
      await t.mutation((ctx) => removeAll(ctx, component));
    }),
    state: "miss",
    sentence: "What is stored is not valid; everything was cleared at 2026-11-01T00:01:01.000Z.",
  },
  "never stored, since a clear that is still kept": {
    given: ({ t }, cache) => t.mutation((ctx) => cache.removeAllForName(ctx)),
    state: "miss",
    sentence: "Nothing is stored; the name was cleared at 2026-11-01T00:00:00.000Z.",
  },
  "stored since it was cleared": {
    given: async (app, cache) => {
      await app.t.mutation((ctx) => cache.removeAllForName(ctx));
      pass(SECOND);
      await put(app, cache);
    },
    state: "hit",
    sentence: "What is stored is fresh, with no end.",
  },
  "removed by hand": {
    given: thenDo(({ t }, cache) => t.mutation((ctx) => cache.remove(ctx, args))),
    state: "miss",
    sentence: "Nothing is stored.",
  },
  "cleared, and swept": {
    given: thenDo(async (app, cache) => {
      await app.t.mutation((ctx) => cache.removeAllForName(ctx));
      await keepHouse(app);
    }),
    state: "miss",
    sentence: "Nothing is stored.",
  },
  "idle, and still stored": {
    config: { idleTtl: HOUR, ttl: DAY },
    given: thenDo(() => Promise.resolve(pass(2 * HOUR))),
    state: "miss",
    sentence:
      "Nobody has read what is stored since 2026-11-01T00:00:00.000Z, longer than `idleTtl`.",
  },
  "idle, and deleted": {
    config: { idleTtl: HOUR },
    given: thenDo(async (app) => {
      pass(HOUR);
      await keepHouse(app);
    }),
    state: "miss",
    sentence:
      "Nothing is stored; it was last evicted at 2026-11-01T01:06:01.000Z, as nobody read it.",
  },
  evicted: {
    config: { maxEntries: 1 },
    given: thenDo(async (app, cache) => {
      vi.spyOn(Math, "random").mockReturnValue(0);
      await app.t.mutation((ctx) => cache.put(ctx, { id: 2 }, "other"));
      await finishBackground(app);
    }),
    state: "miss",
    sentence:
      "Nothing is stored; it was last evicted at 2026-11-01T00:01:00.000Z, to keep the bounds.",
  },
  "of a shape that checkValue refuses": {
    config: { checkValue: () => false },
    given: put,
    state: "miss",
    sentence: "`checkValue` refuses what is stored.",
  },
  "of which a part is missing": {
    config: { checkValue: () => true },
    given: async ({ t, inComponent }, cache) => {
      await t.mutation((ctx) => cache.put(ctx, args, "x".repeat(2_000_000)));
      await inComponent(async (ctx) => {
        await ctx.db.delete("parts", (await ctx.db.query("parts").first())!._id);
      });
    },
    state: "miss",
    sentence: "A part of what is stored is missing.",
  },
  "never stored, while a fill runs": {
    given: async (app, cache) => {
      app.slowly(MINUTE);
      app.crashable((ctx) => cache.fetch(ctx, args));
      await app.pass(SECOND);
    },
    state: "miss",
    sentence: "Nothing is stored; a fill has been running since 2026-11-01T00:00:00.000Z.",
  },
  "never stored, since whoever filled it crashed": {
    given: async (app, cache) => {
      app.slowly(MINUTE);
      const { crash } = app.crashable((ctx) => cache.fetch(ctx, args));
      await app.pass(SECOND);
      crash();
      pass(LEASE_MS);
    },
    state: "miss",
    sentence:
      "Nothing is stored; a fill that began at 2026-11-01T00:00:00.000Z " +
      "lost its lease at 2026-11-01T00:00:20.000Z.",
  },
  "never stored, while a fill is scheduled": {
    given: ({ t }, cache) => t.mutation((ctx) => cache.refresh(ctx, args)),
    state: "miss",
    sentence: "Nothing is stored; a fill has been scheduled since 2026-11-01T00:00:00.000Z.",
  },
  "fresh, while a forced fill runs": {
    given: async (app, cache) => {
      await put(app, cache);
      app.slowly(MINUTE);
      app.crashable((ctx) => cache.fetch(ctx, args, { force: true }));
      await app.pass(SECOND);
    },
    state: "hit",
    sentence:
      "What is stored is fresh, with no end; a fill has been running since 2026-11-01T00:00:00.000Z.",
  },
  "failed, and remembered": {
    config: { errorTtl: HOUR },
    given: async (app, cache) => {
      fails(app);
      await fill(app, cache);
    },
    state: "miss",
    sentence: "Nothing is stored; a failure is remembered until 2026-11-01T01:00:00.000Z.",
  },
  "failed, and forgotten": {
    config: { errorTtl: SECOND },
    given: async (app, cache) => {
      fails(app);
      await fill(app, cache);
      pass(SECOND);
    },
    state: "miss",
    sentence: "Nothing is stored.",
  },
  "failed, and never forgotten": {
    config: { errorTtl: Infinity },
    given: async (app, cache) => {
      fails(app);
      await fill(app, cache);
    },
    state: "miss",
    sentence: "Nothing is stored; a failure is remembered, with no end.",
  },
  "failed, and served in place of the error": {
    config: { ttl: HOUR, staleIfError: DAY, errorTtl: HOUR },
    given: async (app, cache) => {
      await put(app, cache);
      pass(2 * HOUR);
      fails(app);
      await fill(app, cache);
    },
    state: "stale",
    sentence:
      "What is stored expired at 2026-11-01T01:00:00.000Z; " +
      "it is served in place of an error until 2026-11-02T01:00:00.000Z; " +
      "a failure is remembered until 2026-11-01T03:00:00.000Z.",
  },
};

describe("verdict tells why a call is a hit, stale or a miss, as fetch finds it", () => {
  test.each(Object.entries(rows))("%s", async (_, row) => {
    const app = createApp();
    const base = app.cache({
      ...row.config,
      refresher: (row.config?.tags && "refresh:none") as never,
    });
    const cache = row.tenant === undefined ? base : base.forTenant(row.tenant);
    await row.given(app, cache);
    const explanation = await app.t.query((ctx) => cache.explain(ctx, args));
    expect(verdict(explanation, Date.now())).toEqual({ state: row.state, sentence: row.sentence });
  });
});

describe("explain", () => {
  test("tells all that decides on an entry, and not its value", async () => {
    const app = createApp();
    const cache = app.cache({ ttl: HOUR, staleIfError: DAY, tags: () => ["a", "b"] });
    app.upstream.answer = () => "x".repeat(1000);
    await app.act((ctx) => cache.forTenant("acme").fetch(ctx, args));
    expect(await app.act((ctx) => cache.forTenant("acme").explain(ctx, args))).toEqual({
      key: args,
      tags: ["a", "b"],
      entry: {
        createdAt: START,
        staleUntil: START + HOUR,
        staleIfErrorUntil: START + HOUR + DAY,
        bytes: 1002,
        fillMs: 0,
        readAt: null,
        idleAt: null,
        unusable: null,
      },
      expiresAt: START + HOUR,
      invalidatedBy: null,
      evicted: null,
      fill: null,
      failure: null,
    });
  });

  test("tells what the key function returned", async () => {
    const { act, cache } = createApp();
    const values = cache({ key: ({ id }) => ["of", id] as never });
    expect(await act((ctx) => values.explain(ctx, args))).toMatchObject({ key: ["of", 1] });
  });

  test("judges by the shorter of the stored and the configured ttl, as peek does", async () => {
    const { act, t, cache } = createApp();
    await t.mutation((ctx) => cache({ ttl: HOUR }).put(ctx, args, 1));
    for (const ttl of [MINUTE, 2 * HOUR, null]) {
      const values = cache({ ttl, staleWhileRevalidate: 5 });
      const peeked = await act((ctx) => values.peek(ctx, args));
      const { expiresAt, entry } = await act((ctx) => values.explain(ctx, args));
      expect({ expiresAt, staleUntil: entry?.staleUntil }).toEqual({
        expiresAt: peeked!.expiresAt,
        staleUntil: peeked!.staleUntil,
      });
    }
  });

  test("reads the parts of a large value only where checkValue asks for it", async () => {
    const { act, t, cache, observer } = createApp();
    await t.mutation((ctx) => cache().put(ctx, args, "x".repeat(2_000_000)));
    const bytesOf = async (values: Cache) => {
      const before = observer.counts.bytesRead;
      await act((ctx) => values.explain(ctx, args));
      return observer.counts.bytesRead - before;
    };
    expect(await bytesOf(cache())).toBeLessThan(10_000);
    expect(await bytesOf(cache({ checkValue: () => true }))).toBeGreaterThan(2_000_000);
  });

  test("tells in a mutation what the mutation itself has done", async () => {
    const { t, cache } = createApp();
    const values = cache();
    const explained = await t.mutation(async (ctx) => {
      await values.put(ctx, args, 1);
      const stored = await values.explain(ctx, args);
      await values.removeAllForName(ctx);
      return [stored, await values.explain(ctx, args)];
    });
    expect(explained).toMatchObject([
      { entry: { createdAt: START }, invalidatedBy: null },
      { entry: { createdAt: START }, invalidatedBy: { by: "name", mode: "remove", at: START } },
    ]);
  });

  test("refuses arguments that are none before anything runs", async () => {
    const { act, cache, observer } = createApp();
    const explaining = act((ctx) => cache().explain(ctx, { at: new Date() as never }));
    await expect(explaining).rejects.toMatchObject({ data: { code: "INVALID_ARGS" } });
    expect(observer.counts.queries).toBe(0);
  });
});
