/** Many entries at once. */
import { QUIET_MS } from "../src/component/model/gc/due.js";
import type { Usage } from "./account.js";
import { App, shared, type Subject, TTL } from "./app.js";
import { advance, type HeldTimers, holdTimers } from "./clock.js";
import { cityOf, seedEntries } from "./seed.js";
import { ours } from "./subjects.js";

const VALUE_BYTES = 14 * 1024;
const CLEARED_ENTRIES = 1_000;
const PURGED_ENTRIES = 10_000;
const FETCHED_NAMES = 50;

/** Clears the entries of a name: what is used until no reader is served any of them. */
export function measureClear(subject: Subject): Promise<Usage> {
  return holdTimers(async (timers) => {
    const app = new App(subject);
    await seedEntries(app, CLEARED_ENTRIES, VALUE_BYTES);
    const probes = [0, 0.25, 0.5, 0.75, 1].map((part) =>
      cityOf(Math.round(part * (CLEARED_ENTRIES - 1))),
    );
    app.account.reset();
    await app.act((ctx) => app.cache.removeAllForName(ctx));
    for (;;) {
      const { usage } = app.account;
      const served = await Promise.all(probes.map((city) => app.serves(city)));
      if (!served.includes(true)) return usage;
      if (!(await step(app, timers))) throw new Error("bench: the clear ended early");
    }
  });
}

/** Purges expired entries: what is used until none is left. */
export function measurePurge(subject: Subject): Promise<Usage> {
  return holdTimers(async (timers) => {
    const app = new App(subject);
    await seedEntries(app, PURGED_ENTRIES, VALUE_BYTES);
    advance(TTL + QUIET_MS + 1);
    app.account.reset();
    await app.t.mutation(shared.crons.purge, {});
    while (await step(app, timers));
    const { usage } = app.account;
    const left = await app.inComponent((ctx) => ctx.db.query("values").first());
    if (left !== null) throw new Error("bench: the purge left entries");
    return usage;
  });
}

/** Fetches entries that are missing in one mutation, which 0.3.1 can't. */
export function measureMutationFetch(): Promise<Usage> {
  return holdTimers(async () => {
    const app = new App(ours);
    const cities = Array.from({ length: FETCHED_NAMES }, (_, index) => cityOf(index));
    await app.t.mutation((ctx) =>
      Promise.all(cities.map((city) => app.cache.fetch(ctx as never, { city }))),
    );
    return app.account.usage;
  });
}

/** Runs the next function that was scheduled; false if there is none. */
async function step(app: App, timers: HeldTimers): Promise<boolean> {
  const ran = timers.next();
  await app.t.finishInProgressScheduledFunctions();
  return ran;
}
