/** What eviction counts: exact whatever comes and goes, however old the snapshot that it reads. */
import { fc, test } from "@fast-check/vitest";
import { expect, test as plainTest } from "vitest";
import { Tables } from "../testing/tables.js";
import type { Doc } from "./_generated/dataModel.js";
import type { QueryCtx } from "./_generated/server.js";
import type { EvictionJob } from "./model/eviction/chosen.js";
import { evict } from "./model/eviction/evict.js";
import { admit, depart } from "./model/eviction/residents.js";
import { survey } from "./model/eviction/survey.js";

const NAME = "bounded";
const seed = process.env.CI ? 1 : Date.now();

/** A cache with bounds, without its values. */
class World {
  /** What evictions read: as of now, unless it was held. */
  held: QueryCtx | undefined;
  readonly tables: Tables = new Tables((_, request) =>
    survey(this.held ?? this.tables.live, request),
  );
  #keys = 0;

  residents(): Promise<Doc<"residents">[]> {
    return this.tables.live.db.query("residents").collect();
  }

  /** Stores so many entries in one transaction. */
  async store(entries: number, size: number, expiresAt?: number): Promise<void> {
    await this.tables.commit(async (ctx) => {
      for (let n = 0; n < entries; n++) {
        await admit(ctx, { ...this.#arrival(size), expiresAt }, {}, undefined);
      }
    });
  }

  async replace(nth: number, size: number): Promise<void> {
    const all = await this.residents();
    if (all.length === 0) return;
    const { _id } = all[nth % all.length]!;
    await this.tables.commit((ctx) => admit(ctx, this.#arrival(size), {}, _id));
  }

  async remove(first: number, entries: number): Promise<void> {
    const all = await this.residents();
    await this.tables.commit(async (ctx) => {
      for (const { _id } of all.slice(first, first + entries)) await depart(ctx, _id);
    });
  }

  /** Runs an eviction with all that it schedules. */
  async evict(bounds: Omit<EvictionJob, "name"> = {}): Promise<void> {
    const { scheduled } = this.tables;
    scheduled.splice(0);
    // Evictions that set each other going end once a snapshot shows what they have done.
    for (let jobs = 0; jobs === 0 || (scheduled.length > 0 && jobs < 50); jobs++) {
      scheduled.splice(0);
      await this.tables.commit((ctx) => evict(ctx, { name: NAME, ...bounds }));
    }
  }

  /** What is counted, and what there is. */
  async counted() {
    this.held = undefined;
    for (let n = 0; n < 4; n++) await this.evict();
    const all = await this.residents();
    const truth = { entries: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
    const row = await this.tables.live.db.query("bounds").first();
    return { counted: { entries: row!.entries, bytes: row!.bytes }, truth };
  }

  #arrival(size: number) {
    return { name: NAME, leaseKey: `key ${this.#keys++}`, size, retain: 0 };
  }
}

const sizes = fc.integer({ min: 1, max: 9 });
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("store" as const),
      entries: fc.constantFrom(1, 3, 30),
      size: sizes,
    }),
    fc.record({ do: fc.constant("replace" as const), nth: fc.nat(50), size: sizes }),
    fc.record({ do: fc.constant("remove" as const), first: fc.nat(9), entries: fc.nat(9) }),
    fc.record({ do: fc.constant("hold" as const), holds: fc.boolean() }),
    fc.record({ do: fc.constant("evict" as const), maxEntries: fc.constantFrom(3, 20, 1000) }),
  ),
  { maxLength: 25 },
);

test.prop([steps], { numRuns: 300, seed })(
  "they agree with what is stored, though evictions read what has changed since",
  async (steps) => {
    const world = new World();
    for (const step of steps) {
      if (step.do === "store") await world.store(step.entries, step.size);
      else if (step.do === "replace") await world.replace(step.nth, step.size);
      else if (step.do === "remove") await world.remove(step.first, step.entries);
      else if (step.do === "hold") world.held = step.holds ? world.tables.snapshot() : undefined;
      else await world.evict({ maxEntries: step.maxEntries });
    }
    const { counted, truth } = await world.counted();
    expect(counted).toEqual(truth);
  },
);

plainTest("though more came and left in between than one batch counts", async () => {
  const world = new World();
  await world.store(10, 1);
  await world.evict();
  await world.store(1300, 1);
  await world.remove(5, 1200);
  const { counted, truth } = await world.counted();
  expect(counted).toEqual(truth);
  expect(truth.entries).toBe(110);
});

plainTest("though entries are evicted before they are counted", async () => {
  const world = new World();
  for (let n = 0; n < 4; n++) await world.store(200, 1);
  // These go first, and come last.
  for (let n = 0; n < 4; n++) await world.store(200, 1, 1);
  await world.evict({ maxEntries: 100 });
  const { counted, truth } = await world.counted();
  expect(counted).toEqual(truth);
  expect(truth.entries).toBe(100);
});

plainTest("and two evictions at once evict nothing twice", async () => {
  const world = new World();
  await world.store(300, 1);
  await world.evict({ maxEntries: 250 });
  await world.store(100, 1);
  world.held = world.tables.snapshot();
  await world.tables.commit((ctx) => evict(ctx, { name: NAME, maxEntries: 250 }));
  await world.tables.commit((ctx) => evict(ctx, { name: NAME, maxEntries: 250 }));
  const { counted, truth } = await world.counted();
  expect(counted).toEqual(truth);
  expect(truth.entries).toBe(250);
});

plainTest(
  "the hand goes round: what comes is not evicted in place of what nobody reads",
  async () => {
    const world = new World();
    await world.store(20, 1);
    await world.evict({ maxEntries: 20 });
    const before = new Set((await world.residents()).map(({ _id }) => _id));
    for (let n = 0; n < 20; n++) {
      await world.store(1, 1);
      await world.evict({ maxEntries: 20 });
    }
    // All that was there at first has been read once, and its mark is gone by now.
    for (const id of before) {
      if ((await world.tables.live.db.get("residents", id)) === null) continue;
      throw new Error("one of the first outlived those that came after it");
    }
    expect(await world.residents()).toHaveLength(20);
  },
);

plainTest("the hand begins anew behind the newest, where all were read", async () => {
  const world = new World();
  await world.store(5, 1);
  const first = (await world.residents()).map(({ _id }) => _id);
  await world.tables.commit(async (ctx) => {
    for (const id of first) await ctx.db.patch("residents", id, { visited: true });
  });
  await world.store(1, 1);
  await world.evict({ maxEntries: 5 });
  // The newcomer was the only one without a mark. The next to go is the oldest, not the next newcomer.
  expect((await world.residents()).map(({ _id }) => _id)).toEqual(first);
  await world.store(1, 1);
  await world.evict({ maxEntries: 5 });
  const ids = (await world.residents()).map(({ _id }) => _id);
  expect(ids).toHaveLength(5);
  expect(ids).not.toContain(first[0]);
  expect(ids.slice(0, 4)).toEqual(first.slice(1));
});
