/** What operations cost with few entries stored, and with many. */
import { callsOf, type Usage } from "./account.js";
import { App, type Subject, TTL } from "./app.js";
import { advance } from "./clock.js";
import { cityOf, seedEntries } from "./seed.js";
import { holdTimers } from "./timers.js";

const VALUE_BYTES = 100;

/** The operations, each on an entry that no other has touched, in an order that keeps it so. */
const OPERATIONS = {
  hit: (app) => app.fetch(cityOf(1)),
  miss: (app) => app.fetch("not-stored-1"),
  "forced refresh": (app) => app.fetch(cityOf(2), { force: true }),
  remove: (app) => app.act((ctx) => app.cache.remove(ctx, { city: cityOf(3) })),
  "miss of an expired entry": (app) => {
    advance(TTL + 1);
    return app.fetch(cityOf(4));
  },
  clear: (app) => app.act((ctx) => app.cache.removeAllForName(ctx)),
} as const satisfies Record<string, (app: App) => Promise<unknown>>;

export type ScaledOperation = keyof typeof OPERATIONS;
export const scaledOperations = Object.keys(OPERATIONS) as ScaledOperation[];

/** Measures every operation with this many entries stored. */
export async function measureAmong(
  subject: Subject,
  stored: number,
): Promise<Record<ScaledOperation, Usage>> {
  const app = new App(subject);
  app.answer = () => "x".repeat(VALUE_BYTES);
  await seedEntries(app, stored, VALUE_BYTES);
  // What a clear deletes behind itself is not part of it.
  return await holdTimers(async () => {
    const costs: Partial<Record<ScaledOperation, Usage>> = {};
    for (const operation of scaledOperations) {
      app.account.reset();
      await OPERATIONS[operation](app);
      costs[operation] = app.account.usage;
    }
    return costs as Record<ScaledOperation, Usage>;
  });
}

/** The operations that cost more, in any unit, with more entries stored. */
export function growing(
  few: Record<ScaledOperation, Usage>,
  many: Record<ScaledOperation, Usage>,
): ScaledOperation[] {
  return scaledOperations.filter((operation) => {
    const units = Object.keys(few[operation]) as (keyof Usage)[];
    return (
      callsOf(many[operation]) > callsOf(few[operation]) ||
      units.some((unit) => many[operation][unit] > few[operation][unit])
    );
  });
}
