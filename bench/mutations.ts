/** The mutations of either version whose contention is looked at. */
import { type App, type Cache, shared, type Subject } from "./app.js";
import { argsOf, claim, type Endings, type Entry, placeOf, type State } from "./entryStates.js";
import { component, ours } from "./subjects.js";

type ByPlace = { app: App; entry: Entry; endings: Endings };

/** A mutation that concerns one entry, and the states in which it is of interest. */
export type EntryMutation = {
  label: string;
  states: readonly State[];
  /** Whether it hands the entry to the purge, which then has to look again. */
  feedsPurge?: true;
  run: (on: ByPlace) => Promise<unknown>;
};

const VALUE = "a value";
const ANY = ["missing", "stored", "filling", "refilling"] as const;
const FILLED = ["filling", "refilling"] as const;

const remove: EntryMutation = {
  label: "remove",
  states: ANY,
  run: ({ app, entry }) => app.act((ctx) => app.cache.remove(ctx, argsOf(entry))),
};

/** A method that a version may not have. */
const optional =
  (method: "put" | "expire") =>
  ({ app, entry }: ByPlace) => {
    type Method = (ctx: object, args: object, value?: string) => Promise<unknown>;
    const cache = app.cache as Cache & Partial<Record<typeof method, Method>>;
    return app.act(async (ctx) => await cache[method]?.(ctx, argsOf(entry), VALUE));
  };

const OURS: EntryMutation[] = [
  { label: "claim", states: ANY, run: ({ app, entry }) => claim(app, entry, { force: false }) },
  {
    label: "claim by force",
    states: ANY,
    run: ({ app, entry }) => claim(app, entry, { force: true }),
  },
  {
    label: "settle",
    states: FILLED,
    run: ({ app, entry, endings }) => {
      const { reference, args } = endings.get(placeOf(entry))!;
      return app.t.mutation(reference, args);
    },
  },
  {
    label: "heartbeat",
    states: FILLED,
    run: ({ app, entry, endings }) => {
      const { token } = endings.get(placeOf(entry))!.args;
      return app.t.mutation(component.fills.heartbeat, { tokens: [token] });
    },
  },
  { label: "put", states: ANY, run: optional("put") },
  { label: "expire", states: ANY, feedsPurge: true, run: optional("expire") },
  remove,
];

const PEER: EntryMutation[] = [
  {
    label: "put",
    states: ["missing", "stored"],
    run: async ({ app, entry }) => {
      const place = { name: app.cache.name, args: argsOf(entry) };
      // With a ttl of 0 what is stored counts as expired, as in a forced fetch.
      const found = await app.t.query(shared.lib.get, { ...place, ttl: 0 });
      const expiredEntry = found.kind === "miss" ? found.expiredEntry : undefined;
      await app.t.mutation(shared.lib.put, { ...place, value: VALUE, ttl: 60_000, expiredEntry });
    },
  },
  { ...remove, states: ["missing", "stored"] },
];

/** The mutations of a version that concern one entry. */
export function entryMutations(subject: Subject): EntryMutation[] {
  return subject === ours ? OURS : PEER;
}
