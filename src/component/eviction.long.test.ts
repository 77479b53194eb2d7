/** Eviction at work: hit ratios beside those of an exact LRU cache, and how well bounds are kept. */
import { expect, test, vi } from "vitest";
import { MARKING } from "../client/hits.js";
import { HOUR } from "../shared/time.js";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { Tables } from "../testing/tables.js";
import {
  hitsOfLru,
  randomFrom,
  requestsOf,
  type Workload,
  workloads,
} from "../testing/workloads.js";
import type { Id } from "./_generated/dataModel.js";
import type { EvictionJob } from "./model/eviction/chosen.js";
import { evict } from "./model/eviction/evict.js";
import { admit, visit } from "./model/eviction/residents.js";
import { survey } from "./model/eviction/survey.js";

virtualTime(1_000 * HOUR);

const NAME = "bounded";
/** Everything that is left to chance follows from a seed. */
function seeded(seed: number): () => number {
  const random = randomFrom(seed);
  vi.spyOn(Math, "random").mockImplementation(random);
  return random;
}

const KEYS = 1_000;
const REQUESTS = 15_000;

/** Runs a workload, with each eviction right behind what set it going. */
async function run(workload: Workload, maxEntries: number, seed: number) {
  const requests = requestsOf(workload, { keys: KEYS, requests: REQUESTS, seed });
  const random = seeded(seed);
  const tables: Tables = new Tables((_, request) => survey(tables.live, request));
  const stored = new Map<string, { id: Id<"residents">; visited: boolean }>();
  let [hits, marks, isFull] = [0, 0, false];
  let [least, most] = [Infinity, 0];
  const count = async () => {
    const rows = await tables.live.db.query("residents").collect();
    stored.clear();
    for (const { leaseKey, _id: id, visited } of rows) stored.set(leaseKey, { id, visited });
  };
  for (const key of requests.map(String)) {
    const entry = stored.get(key);
    if (entry) {
      hits += 1;
      if (entry.visited || random() >= MARKING) continue;
      marks += 1;
      entry.visited = true;
      await tables.commit((ctx) => visit(ctx, entry.id));
      continue;
    }
    const arrival = { name: NAME, leaseKey: key, size: 1, retain: 0 };
    const id = await tables.commit((ctx) => admit(ctx, arrival, { maxEntries }, undefined));
    stored.set(key, { id, visited: false });
    most = Math.max(most, stored.size);
    if (tables.scheduled.length === 0) continue;
    for (const { args } of tables.scheduled.splice(0)) {
      const job = args as EvictionJob;
      if (job.maxEntries) await tables.commit((ctx) => evict(ctx, job));
    }
    await count();
    isFull ||= stored.size >= maxEntries;
    if (isFull) least = Math.min(least, stored.size);
  }
  return { hits, lru: hitsOfLru(requests, maxEntries), marks, least, most, maxEntries };
}

test("it beats an exact LRU cache on the mean, at most 0.05 writes a hit, and keeps its bound", async () => {
  const runs: Awaited<ReturnType<typeof run>>[] = [];
  for (const [n, part] of [0.01, 0.05, 0.2].entries()) {
    for (const workload of Object.keys(workloads) as Workload[]) {
      const result = await run(workload, KEYS * part, n + 1);
      runs.push(result);
      expect(result.most).toBeLessThanOrEqual(
        Math.max(result.maxEntries + 1, result.maxEntries * 1.1),
      );
      expect(result.least).toBeGreaterThanOrEqual(result.maxEntries * 0.9);
    }
  }
  const mean = (of: (run: (typeof runs)[number]) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  expect(mean(({ hits }) => hits)).toBeGreaterThan(mean(({ lru }) => lru));
  expect(mean(({ hits, marks }) => marks / hits)).toBeLessThan(0.05);
});

test("bytes of mixed sizes are kept within a tenth of their bound once it is full", async () => {
  const random = seeded(7);
  const tables: Tables = new Tables((_, request) => survey(tables.live, request));
  const maxBytes = 20_000;
  let isFull = false;
  for (let n = 0; n < 4_000; n++) {
    // Half of them large: up to a 40th of the bound.
    const size = 1 + Math.floor(random() * (n % 2 === 0 ? 20 : 500));
    const arrival = { name: NAME, leaseKey: `${n}`, size, retain: 0 };
    await tables.commit((ctx) => admit(ctx, arrival, { maxBytes }, undefined));
    while (tables.scheduled.length > 0) {
      for (const { args } of tables.scheduled.splice(0)) {
        const job = args as EvictionJob;
        if (job.maxBytes) await tables.commit((ctx) => evict(ctx, job));
      }
    }
    const rows = await tables.live.db.query("residents").collect();
    const bytes = rows.reduce((sum, { size }) => sum + size, 0);
    isFull ||= bytes >= maxBytes;
    expect(bytes).toBeLessThanOrEqual(maxBytes * 1.1);
    if (isFull) expect(bytes).toBeGreaterThanOrEqual(maxBytes * 0.9);
  }
  expect(isFull).toBe(true);
});

test("a bound is kept while puts come at once", async () => {
  seeded(3);
  const app = createApp();
  const cache = app.cache({ maxEntries: 100 });
  for (let round = 0; round < 40; round++) {
    const puts = Array.from({ length: 8 }, (_, n) =>
      app.t.mutation((ctx) => cache.put(ctx, { round, n }, n)),
    );
    await Promise.all(puts);
    const stored = async () => (await app.stored()).values.length;
    expect(await stored()).toBeLessThanOrEqual(110);
    await finishBackground(app);
    expect(await stored()).toBeLessThanOrEqual(110);
    if (round > 15) expect(await stored()).toBeGreaterThanOrEqual(90);
  }
});
