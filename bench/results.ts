/** All that is measured, for both versions. */
import type { Usage } from "./account.js";
import type { Subject } from "./app.js";
import { measureClear, measureMutationFetch, measurePurge } from "./bulk.js";
import { measureBundles } from "./bundle.js";
import { type Computed, measureComputing } from "./computing.js";
import { type Contention, measureContention } from "./contention.js";
import { type Cost, measure, type OperationName, operationNames, SIZES } from "./cost.js";
import { measureAmong, type ScaledOperation } from "./scale.js";
import { ours, legacy } from "./subjects.js";

/** One figure of ours, and the same of 0.3.1. */
export type Both<T> = { ours: T; legacy: T };

export type SizeName = keyof typeof SIZES;
export const sizeNames = Object.keys(SIZES) as SizeName[];

type Costs = Record<OperationName, Both<Cost>>;

/** How many entries are stored where costs are compared. */
export const STORED = [10, 1_000, 20_000] as const;

export interface Results {
  costs: Record<SizeName, Costs>;
  clear: Both<Usage>;
  purge: Both<Usage>;
  mutationFetch: Usage;
  contention: Both<Contention>;
  /** Costs with each number of `STORED` entries, in that order. */
  scale: Both<Record<ScaledOperation, Usage>[]>;
  bundle: Both<number> & { freshness: number };
  computing: Computed[];
}

/** Measures everything; `progress` hears what comes next. */
export async function measureAll(progress: (next: string) => void): Promise<Results> {
  // First, before what the others leave in memory.
  progress("computing time");
  const computing = await measureComputing();
  const costs: Partial<Results["costs"]> = {};
  for (const size of sizeNames) {
    progress(`operations, values of ${size}`);
    costs[size] = await measureCosts(size);
  }
  progress("clearing");
  const clear = await forBoth(measureClear);
  progress("purging");
  const purge = await forBoth(measurePurge);
  progress("fetching in a mutation");
  const mutationFetch = await measureMutationFetch();
  progress("contention");
  const contention = await forBoth(measureContention);
  const scale: Results["scale"] = { ours: [], legacy: [] };
  for (const stored of STORED) {
    progress(`operations among ${stored} entries`);
    const among = await forBoth((subject) => measureAmong(subject, stored));
    scale.ours.push(among.ours);
    scale.legacy.push(among.legacy);
  }
  progress("bundles");
  const bundle = await measureBundles();
  const all = { clear, purge, mutationFetch, contention, scale, bundle, computing };
  return { costs: costs as Results["costs"], ...all };
}

async function measureCosts(size: SizeName): Promise<Costs> {
  const costs: Partial<Costs> = {};
  for (const operation of operationNames) {
    costs[operation] = await forBoth((subject) => measure(subject, operation, SIZES[size]));
  }
  return costs as Costs;
}

async function forBoth<T>(measurement: (subject: Subject) => Promise<T>): Promise<Both<T>> {
  return { ours: await measurement(ours), legacy: await measurement(legacy) };
}
