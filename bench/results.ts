/** All that is measured, for both versions. */
import type { Usage } from "./account.js";
import type { Subject } from "./app.js";
import { measureClear, measureMutationFetch, measurePurge } from "./bulk.js";
import { measureBundles } from "./bundle.js";
import { type Computed, measureComputing } from "./computing.js";
import { type Contention, measureContention } from "./contention.js";
import { type Cost, measure, type OperationName, operationNames } from "./cost.js";
import { type FormFigure, measureForms } from "./forms.js";
import { type Learned, measureLearned, type Population, populations } from "./learned.js";
import { countGrowing } from "./scale.js";
import { ours, legacy } from "./subjects.js";

/** One figure of ours, and the same of 0.3.1. */
export type Both<T> = { ours: T; legacy: T };

export interface Results {
  costs: Record<OperationName, Both<Cost>>;
  clear: Both<Usage>;
  purge: Both<Usage>;
  mutationFetch: Usage;
  contention: Both<Contention>;
  growing: number;
  bundle: { client: number; freshness: number };
  computing: Computed[];
  forms: FormFigure[];
  learned: [Population, Learned][];
}

/** Measures everything; `progress` hears what comes next. */
export async function measureAll(progress: (next: string) => void): Promise<Results> {
  const next = <T>(what: string, measurement: () => Promise<T>) => {
    progress(what);
    return measurement();
  };
  return {
    // First, before what the others leave in memory.
    computing: await next("computing time", measureComputing),
    costs: await next("operations", measureCosts),
    clear: await next("clearing", () => forBoth(measureClear)),
    purge: await next("purging", () => forBoth(measurePurge)),
    mutationFetch: await next("fetching in a mutation", measureMutationFetch),
    contention: await next("contention", () => forBoth(measureContention)),
    growing: await next("operations among many entries", () => countGrowing(10, 10_000)),
    bundle: await next("bundles", measureBundles),
    forms: await next("forms of filling", measureForms),
    learned: await next("learned ttls", measureAllLearned),
  };
}

function measureAllLearned(): Promise<Results["learned"]> {
  return Promise.resolve(populations.map((population) => [population, measureLearned(population)]));
}

async function measureCosts(): Promise<Results["costs"]> {
  const costs: Partial<Results["costs"]> = {};
  for (const operation of operationNames) {
    costs[operation] = await forBoth((subject) => measure(subject, operation));
  }
  return costs as Results["costs"];
}

async function forBoth<T>(measurement: (subject: Subject) => Promise<T>): Promise<Both<T>> {
  return { ours: await measurement(ours), legacy: await measurement(legacy) };
}
