/** The states that an entry can be in when a mutation comes, and how it gets there. */
import type { App } from "./app.js";
import { type Call, onlyClaiming, withholdingSettle } from "./interception.js";
import { ours } from "./subjects.js";

const STATES = ["missing", "stored", "filling", "refilling"] as const;
export type State = (typeof STATES)[number];

/** One of two entries of the same name: what is done to A is compared with what is done to B. */
export type Entry = { which: "A" | "B"; state: State };

export const placeOf = ({ which, state }: Entry) => `${which} ${state}`;
export const argsOf = (entry: Entry) => ({ place: placeOf(entry) });

/** The calls that would end the fills that are under way, by the place of their entry. */
export type Endings = Map<string, Call<{ token: string }>>;

/**
 * Brings entries into every state, in one order, so that every app that does it
 * gives the same documents the same ids.
 */
export async function prepareEntries(app: App): Promise<Endings> {
  const endings: Endings = new Map();
  for (const which of ["A", "B"] as const) {
    for (const state of STATES) {
      const entry = { which, state };
      if (state === "stored" || state === "refilling") await app.fetch(placeOf(entry));
      if (app.subject !== ours || (state !== "filling" && state !== "refilling")) continue;
      endings.set(placeOf(entry), await beginFill(app, entry));
    }
  }
  return endings;
}

/** Fetches an entry up to where its value would be stored. */
async function beginFill(app: App, entry: Entry): Promise<Call<{ token: string }>> {
  const settles: Call<{ token: string }>[] = [];
  await app.act((ctx) =>
    app.cache.fetch(withholdingSettle(ctx, settles), argsOf(entry), { force: true }),
  );
  return settles[0]!;
}

/** Claims the fill of an entry, as a fetch does that finds it missing or expired. */
export function claim(app: App, entry: Entry, options: { force: boolean }): Promise<unknown> {
  return app.act((ctx) =>
    app.cache.fetch(onlyClaiming(ctx), argsOf(entry), { ...options, ttl: 0 }),
  );
}
