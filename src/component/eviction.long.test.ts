/** Eviction at work: hit ratios beside those of an exact LRU cache, and how well bounds are kept. */
import { expect, test, vi } from "vitest";
import { MARKING } from "../client/hits.js";
import { HOUR } from "../shared/time.js";
import { virtualTime } from "../testing/time.js";
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
const KEYS = 1_000;
const REQUESTS = 15_000;

/** Runs a workload, with each eviction right behind what set it going. */
async function run(workload: Workload, maxEntries: number, seed: number) {
  const requests = requestsOf(workload, { keys: KEYS, requests: REQUESTS, seed });
  const random = randomFrom(seed);
  vi.spyOn(Math, "random").mockImplementation(random);
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
