/** Figures: exact where they go with a fill or a deletion, sampled where they go with a hit. */
import { test } from "@fast-check/vitest";
import { describe, expect, test as plainTest, vi } from "vitest";
import { DAY, HOUR, MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { figuresOf, watchFigures } from "../testing/figures.js";
import { randomFrom } from "../testing/workloads.js";
import { Simulation } from "../testing/simulation.js";
import { steps } from "../testing/steps.js";
import { virtualTime } from "../testing/time.js";

const START = 1_000 * HOUR;
virtualTime(START, { quietly: true });

const seed = process.env.CI ? 1 : Date.now();

describe("figures are exact at every moment", () => {
  test.prop([steps], { numRuns: 4, seed })(
    "for fills, puts and what is stored, whatever happens in whatever order",
    (steps) => checkAgainstTruth({ stats: true }, steps),
  );

  test.prop([steps], { numRuns: 4, seed })("when entries are evicted", (steps) =>
    checkAgainstTruth({ stats: true, maxEntries: 1 }, steps),
  );

  async function checkAgainstTruth(
    config: ConstructorParameters<typeof Simulation>[1],
    steps: Parameters<Simulation["step"]>[0][],
  ) {
    const simulation = new Simulation("action", config);
    const truth = watchFigures(simulation);
    for (const next of steps) {
      await simulation.step(next);
      expect(await figuresOf(simulation.app, "simulated")).toMatchObject(await truth());
    }
    await simulation.settle();
    for (let hour = 0; hour < 2; hour++) await keepHouse(simulation.app);
    expect(await figuresOf(simulation.app, "simulated")).toMatchObject(await truth());
  }

  plainTest("for fills in the background, by the component and by a refresher", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    await app.t.mutation((ctx) => cache.refresh(ctx, { n: 1 }));
    expect(await figuresOf(app, "test")).toMatchObject({ fills: 0, misses: 0, entries: 0 });
    await finishBackground(app);
    app.upstream.answer = () => {
      throw new Error("down");
    };
    await app.t.mutation((ctx) => cache.refresh(ctx, { n: 2 }));
    await finishBackground(app);
    expect(await figuresOf(app, "test")).toMatchObject({
      fills: 2,
      errors: 1,
      misses: 0,
      entries: 1,
    });
  });

  plainTest("for a fill that ends when its row has long been deleted", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    app.slowly(HOUR);
    const fetching = app.act((ctx) => cache.fetch(ctx, {}));
    await app.pass(MINUTE);
    await app.t.mutation((ctx) => cache.remove(ctx, {}));
    await app.pass(30 * MINUTE);
    await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
    await app.pass(HOUR);
    await fetching;
    expect(await figuresOf(app, "test")).toMatchObject({ misses: 1, fills: 1, rejected: 1 });
  });

  plainTest("when a cache ceases to keep them", async () => {
    const app = createApp();
    await app.act((ctx) => app.cache({ stats: true }).fetch(ctx, {}));
    await app.act((ctx) => app.cache().fetch(ctx, {}, { force: true }));
    expect(await figuresOf(app, "test")).toMatchObject({
      misses: 1,
      fills: 1,
      entries: 0,
      bytes: 0,
    });
  });
});

describe("hits are sampled", () => {
  plainTest("within three standard errors", async () => {
    const app = createApp();
    const sample = 0.2;
    const cache = app.cache({ stats: { sample }, cost: ({ value }) => Number(value) * 3 });
    app.slowly(40);
    const filling = app.act((ctx) => cache.fetch(ctx, {}));
    await app.pass(40);
    await filling;
    const hits = 1_000;
    vi.spyOn(Math, "random").mockImplementation(randomFrom(1));
    for (let n = 0; n < hits; n++) await app.act((ctx) => cache.fetch(ctx, {}));
    const figures = await app.t.query((ctx) => cache.stats(ctx));
    const standardError = Math.sqrt(hits * (1 / sample - 1));
    expect(Math.abs(figures.hits - hits)).toBeLessThan(3 * standardError);
    expect(figures.savedMs).toBeCloseTo(figures.hits * 40);
    expect(figures.saved).toBeCloseTo(figures.hits * 3);
    expect(figures.hitRate).toBeCloseTo(figures.hits / (figures.hits + 1));
    expect(figures.averageFillMs).toBe(40);
  });

  plainTest("and equal ones of one tick each count", async () => {
    const app = createApp();
    const cache = app.cache({ stats: { sample: 1 } });
    await app.act((ctx) => cache.fetch(ctx, {}));
    app.observer.reset();
    await app.act((ctx) => Promise.all([1, 2, 3].map(() => cache.fetch(ctx, {}))));
    expect(app.observer.calls).toBe(2);
    expect(await app.t.query((ctx) => cache.stats(ctx))).toMatchObject({ hits: 3, misses: 1 });
  });

  plainTest("in a mutation too", async () => {
    const app = createApp();
    const cache = app.cache({ stats: { sample: 1 } });
    await app.act((ctx) => cache.fetch(ctx, {}));
    await app.t.mutation((ctx) => cache.fetch(ctx, {}));
    expect(await app.t.query((ctx) => cache.stats(ctx))).toMatchObject({ hits: 1 });
  });

  plainTest("and a report or a cost that fails costs nobody a value", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const app = createApp();
    const cache = app.cache({
      stats: { sample: 1 },
      cost: () => {
        throw new Error("no price");
      },
    });
    await app.act((ctx) => cache.fetch(ctx, {}));
    expect(await app.act((ctx) => cache.fetch(ctx, {}))).toBe(1);
    expect(await app.t.query((ctx) => cache.stats(ctx))).toMatchObject({ hits: 1, saved: 0 });
    app.observer.failCall = (address) => {
      if (address.includes("stats/report")) throw new Error("full");
    };
    expect(await app.act((ctx) => cache.fetch(ctx, {}))).toBe(1);
    expect(warn.mock.calls.flat().join("\n")).toMatch(/`saved`: .*no price[^]*recorded.*full/);
  });
});

describe("what figures cover", () => {
  plainTest("a cache with all its tenants, and each tenant by itself", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    const acme = cache.forTenant("acme");
    await app.act((ctx) =>
      Promise.all([cache, acme, cache.forTenant("b")].map((c) => c.fetch(ctx, {}))),
    );
    const entries = async () => {
      const of = async (c: typeof cache) => (await app.t.query((ctx) => c.stats(ctx))).entries;
      return { all: await of(cache), acme: await of(acme) };
    };
    expect(await entries()).toEqual({ all: 3, acme: 1 });
    await keepHouse(app);
    expect(await entries()).toEqual({ all: 3, acme: 1 });
    await app.t.mutation((ctx) => acme.removeAllForName(ctx, { batchSize: 10 }));
    expect(await entries()).toEqual({ all: 2, acme: 0 });
  });

  plainTest("each of the last 7 days' hours; what is older stays in the sums", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    for (let hour = 0; hour < 3; hour++) {
      await app.act((ctx) => cache.fetch(ctx, { hour }));
      vi.setSystemTime(START + (hour + 1) * HOUR);
    }
    const stats = (since?: number) => app.t.query((ctx) => cache.stats(ctx, { since }));
    const all = await stats();
    expect(all.hours.map(({ hour, fills }) => [hour, fills])).toEqual([
      [START, 1],
      [START + HOUR, 1],
      [START + 2 * HOUR, 1],
    ]);
    expect(await stats(START + HOUR + MINUTE)).toMatchObject({ fills: 2, entries: 3 });
    await keepHouse(app);
    expect(await stats()).toEqual(all);
    vi.setSystemTime(START + 7 * DAY + 2 * HOUR);
    await keepHouse(app);
    const later = await stats();
    expect(later).toMatchObject({ fills: 3, misses: 3, entries: 3, bytes: all.bytes });
    expect(later.hours.map(({ hour }) => hour)).toEqual([START + 2 * HOUR]);
    expect(await stats(START)).toMatchObject({ fills: 1, entries: 3 });
  });

  plainTest("is not counted twice by two additions at once", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    for (let n = 0; n < 300; n++) await app.t.mutation((ctx) => cache.put(ctx, { n }, n));
    await Promise.all(
      [0, 1].map(() => app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}))),
    );
    await finishBackground(app);
    expect(await app.t.query((ctx) => cache.stats(ctx))).toMatchObject({ puts: 300, entries: 300 });
    const deltas = await app.inComponent((ctx) => ctx.db.query("deltas").collect());
    expect(deltas).toEqual([]);
  });
});

describe("resetStats", () => {
  const zero = { misses: 0, fills: 0, puts: 0, averageFillMs: null, hitRate: null };

  plainTest.each(["before", "after"])("sets counters back %s they were added up", async (when) => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    const acme = cache.forTenant("acme");
    for (const c of [cache, acme]) {
      await app.act((ctx) => c.fetch(ctx, {}));
      await app.t.mutation((ctx) => c.put(ctx, { n: 1 }, 1));
    }
    if (when === "after") await keepHouse(app);
    const stats = (c: typeof cache) => app.t.query((ctx) => c.stats(ctx));
    await app.t.mutation((ctx) => acme.resetStats(ctx));
    expect(await stats(acme)).toMatchObject({ ...zero, entries: 2 });
    expect(await stats(cache)).toMatchObject({ misses: 2, fills: 2, puts: 2, entries: 4 });
    await app.t.mutation((ctx) => cache.resetStats(ctx));
    expect(await stats(cache)).toMatchObject({ ...zero, entries: 4 });
    await app.act((ctx) => cache.fetch(ctx, { n: 2 }));
    await keepHouse(app);
    expect(await stats(cache)).toMatchObject({ misses: 1, fills: 1, puts: 0, entries: 5 });
  });
});

describe("what figures cost", () => {
  plainTest(
    "no call and no document more on a fill; a hit is one call unless it is sampled",
    async () => {
      const cost = async (stats: boolean) => {
        const app = createApp();
        vi.spyOn(Math, "random").mockReturnValue(0.5);
        const cache = app.cache({ stats, ttl: HOUR });
        const counts = [];
        for (const force of [false, true, false]) {
          app.observer.reset();
          await app.act((ctx) => cache.fetch(ctx, {}, { force }));
          const { queries, mutations, actions, documentsWritten } = app.observer.counts;
          counts.push({ queries, mutations, actions, documentsWritten });
        }
        vi.restoreAllMocks();
        return counts;
      };
      expect(await cost(true)).toEqual(await cost(false));
    },
  );

  plainTest("a cache without them has none, and says so", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.act((ctx) => cache.fetch(ctx, {}));
    await app.t.mutation((ctx) => cache.put(ctx, { n: 1 }, 1));
    await app.t.mutation((ctx) => cache.remove(ctx, {}));
    const rows = await app.inComponent(async (ctx) => ({
      deltas: await ctx.db.query("deltas").collect(),
      figures: await ctx.db.query("figures").collect(),
      residents: await ctx.db.query("residents").collect(),
    }));
    expect(rows).toEqual({ deltas: [], figures: [], residents: [] });
    const refused = app.t.query((ctx) => cache.stats(ctx));
    await expect(refused).rejects.toMatchObject({ data: { code: "STATS_REQUIRED" } });
  });
});

describe("what would spoil figures is refused", () => {
  test.each([{ hits: -1 }, { hits: NaN }, { entries: 5 }, { fills: 1 }, { savedMs: Infinity }])(
    "a report of %j",
    async (counts) => {
      const app = createApp();
      await expect(
        app.act((ctx) =>
          ctx.runMutation(component.stats.report, {
            reports: [{ name: "test", counts: counts as never }],
          }),
        ),
      ).rejects.toThrow();
    },
  );
  test("a cost below 0, and said", async () => {
    const app = createApp();
    const cache = app.cache({ stats: { sample: 1 }, cost: () => -5 });
    await app.act((ctx) => cache.fetch(ctx, {}));
    await app.act((ctx) => cache.fetch(ctx, {}));
    expect(await figuresOf(app, "test")).toMatchObject({ hits: 1, saved: 0 });
    expect(console.warn).toHaveBeenCalledOnce();
  });
});

describe("figures count once, and all of it", () => {
  plainTest("a fill that is settled twice after it lost its lease", async () => {
    const app = createApp();
    const cache = app.cache({ stats: true });
    let token = "";
    app.upstream.answer = async () => {
      token = (await app.stored()).fills[0]!._id;
      await app.t.mutation((ctx) => cache.remove(ctx, {}));
      return 1;
    };
    await app.act((ctx) => cache.fetch(ctx, {}));
    const result = { kind: "skipped" as const, retryMs: 0 };
    const again = { name: "test", key: {}, token, figures: true, result };
    await app.act((ctx) => ctx.runMutation(component.fills.settle, { requests: [again] }));
    expect(await figuresOf(app, "test")).toMatchObject({ fills: 1, rejected: 1, skipped: 0 });
  });

  plainTest("equal calls of one tick whose value is not stored", async () => {
    const app = createApp();
    const cache = app.cache({ stats: { sample: 1 }, shouldCache: () => false });
    await app.act((ctx) => Promise.all([1, 2, 3].map(() => cache.fetch(ctx, {}))));
    expect(await figuresOf(app, "test")).toMatchObject({ misses: 1, coalesced: 2, skipped: 1 });
  });

  plainTest("more hits of one tick than one call's arguments hold", async () => {
    const app = createApp();
    const cache = app.cache({ stats: { sample: 1 } });
    await app.act((ctx) => cache.fetch(ctx, {}));
    const hits = Array.from({ length: 9000 }, () => ({}));
    await app.act((ctx) => Promise.all(hits.map((args) => cache.fetch(ctx, args))));
    expect(await figuresOf(app, "test")).toMatchObject({ hits: 9000 });
  });
});
