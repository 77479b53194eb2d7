/** An app with a cache of a batch action, whose runs the test sees and answers. */
import { internalActionGeneric, makeFunctionReference } from "convex/server";
import { v, type Value } from "convex/values";
import { ActionCache, type CacheOptions, refresher } from "../client/index.js";
import { sleep } from "../shared/engine/alarm.js";
import { component, compute, createApp } from "./app.js";

export type Item = { n: number; text?: string };

type Options = CacheOptions<Item, Value> & {
  maxBatch?: number;
  /** Whether a single miss is left to an action. */
  withAction?: boolean;
  /** Whether it refreshes in the app's own code. */
  refreshes?: boolean;
};

/** So many items, from a number on. */
export const itemsOf = (first: number, count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ n: first + index }));

export function batchApp({ withAction = false, refreshes = false, ...options }: Options = {}) {
  const runs: Item[][] = [];
  let delayMs = 0;
  let answer = (items: Item[]): Value[] => items.map(({ n }) => `value ${n}`);
  const run = async (_: unknown, { items }: { items: Item[] }) => {
    runs.push(items);
    if (delayMs > 0) await sleep(delayMs);
    return answer(items);
  };
  const action = () => internalActionGeneric({ args: { items: v.any() }, handler: run });
  const app = createApp({
    "./batches.ts": () => Promise.resolve({ all: action(), other: action() }),
    "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => cache) }),
  });
  const config = {
    log: (event: (typeof app.events)[number]) => void app.events.push(event),
    ...options,
    ...(withAction && { action: compute as never }),
    ...(refreshes && {
      refresher: makeFunctionReference<"action">("refreshers:refresh") as never,
    }),
  };
  const referTo = (path: string) => makeFunctionReference<"action">(path) as never;
  const cacheOf = (path: string, name: string) =>
    new ActionCache<Item, Value>(component, { ...config, name, batchAction: referTo(path) });
  const cache = cacheOf("batches:all", "batched");
  return {
    ...app,
    cache,
    /** Another cache, of another batch action. */
    other: cacheOf("batches:other", "other"),
    /** The items of each run. */
    runs,
    /** Lets each run take so long. */
    takes: (ms: number) => void (delayMs = ms),
    /** What a run returns from now on; by default, a string for each item. */
    answer: (next: typeof answer) => void (answer = next),
  };
}
