/** Whether operations cost more with more entries stored. */
import type { Usage } from "./account.js";
import { App, TTL } from "./app.js";
import { advance, holdTimers } from "./clock.js";
import { cityOf, seedEntries } from "./seed.js";
import { ours } from "./subjects.js";

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
} satisfies Record<string, (app: App) => Promise<unknown>>;

/** How many operations cost more, in any unit, with many entries stored than with few. */
export async function countGrowing(least: number, most: number): Promise<number> {
  const few = await measureAmong(least);
  const many = await measureAmong(most);
  return few.filter((usage, index) =>
    (Object.keys(usage) as (keyof Usage)[]).some((unit) => many[index]![unit] > usage[unit]),
  ).length;
}

/** Measures every operation with this many entries stored. */
async function measureAmong(stored: number): Promise<Usage[]> {
  const app = new App(ours);
  app.answer = () => "x".repeat(VALUE_BYTES);
  await seedEntries(app, stored, VALUE_BYTES);
  // What a clear deletes behind itself is not part of it.
  return await holdTimers(async () => {
    const costs: Usage[] = [];
    for (const operation of Object.values(OPERATIONS)) {
      app.account.reset();
      await operation(app);
      costs.push(app.account.usage);
    }
    return costs;
  });
}
