/** Which mutations would not commit side by side, by what each reads and writes. */
import type { Access } from "../src/testing/syscalls.js";
import { App, shared, type Subject, TTL } from "./app.js";
import { advance, holdClock } from "./clock.js";
import { conflict } from "./conflicts.js";
import { type Endings, type Entry, prepareEntries } from "./entryStates.js";
import { entryMutations } from "./mutations.js";
import { holdTimers } from "./timers.js";

/** Pairs of mutations, and those of them that conflict. */
type Pairs = { pairs: number; conflicts: string[] };

/** What two mutations may have to do with each other, and whether they may conflict. */
export const RELATIONS = {
  "different entries": { mayConflict: false },
  "clears of different names": { mayConflict: false },
  "two clears of one name": { mayConflict: false },
  "a purge and an entry that lives": { mayConflict: false },
  "the same entry": { mayConflict: true },
  "a clear and an entry of its name": { mayConflict: true },
} as const;
export type Relation = keyof typeof RELATIONS;
export const relations = Object.keys(RELATIONS) as Relation[];
export type Contention = Record<Relation, Pairs>;

/** A mutation that ran, and what it read and wrote. */
type Trace = { label: string; accesses: Access[] };
type EntryTrace = Trace & { entry: Entry; feedsPurge: boolean };

/** Runs each mutation from the same beginning, and compares what they read and wrote. */
export async function measureContention(subject: Subject): Promise<Contention> {
  const tracer = new Tracer(subject, Date.now());
  const onEntries = await tracer.entryMutations();
  const onA = onEntries.filter(({ entry }) => entry.which === "A");
  const onB = onEntries.filter(({ entry }) => entry.which === "B");
  const clear = await tracer.clear("bench");
  const purge = await tracer.purge();
  const pairs = (compared: [Trace, Trace][]) => countConflicts(subject, compared);
  return {
    "different entries": pairs(onA.flatMap((a) => onB.map((b): [Trace, Trace] => [a, b]))),
    "clears of different names": pairs([[clear, await tracer.clear("other")]]),
    "two clears of one name": pairs([[clear, await tracer.clear("bench")]]),
    "a purge and an entry that lives": pairs(
      onA.filter(({ feedsPurge }) => !feedsPurge).map((a) => [purge, a]),
    ),
    "the same entry": pairs(
      onA.flatMap((one, index) =>
        onA
          .slice(index)
          .filter(({ entry }) => entry.state === one.entry.state)
          .map((other): [Trace, Trace] => [one, other]),
      ),
    ),
    "a clear and an entry of its name": pairs(onA.map((a) => [clear, a])),
  };
}

function countConflicts({ schema }: Subject, compared: [Trace, Trace][]): Pairs {
  return {
    pairs: compared.length,
    conflicts: compared.flatMap(([a, b]) =>
      conflict(schema, a.accesses, b.accesses) ? [`${a.label} and ${b.label}`] : [],
    ),
  };
}

/** Runs mutations, each in an app of its own that begins as all the others do. */
class Tracer {
  constructor(
    private readonly subject: Subject,
    private readonly time: number,
  ) {}

  async entryMutations(): Promise<EntryTrace[]> {
    const traces: EntryTrace[] = [];
    for (const which of ["A", "B"] as const) {
      for (const { label, states, run, feedsPurge = false } of entryMutations(this.subject)) {
        for (const state of states) {
          const entry = { which, state };
          const trace = await this.#trace(`${label} (${state})`, (app, endings) =>
            run({ app, entry, endings }),
          );
          // Without access, it is one that this version does not have.
          if (trace.accesses.length > 0) traces.push({ ...trace, entry, feedsPurge });
        }
      }
    }
    return traces;
  }

  clear(name: string): Promise<Trace> {
    return this.#trace(`clear of ${name}`, (app) =>
      app.act((ctx) => app.cacheNamed(name).removeAllForName(ctx)),
    );
  }

  purge(): Promise<Trace> {
    return this.#trace("purge", (app) => app.t.mutation(shared.crons.purge, {}));
  }

  #trace(label: string, run: (app: App, endings: Endings) => Promise<unknown>): Promise<Trace> {
    // What the mutation schedules is not part of it, and never runs.
    return holdClock(this.time, () =>
      holdTimers(async () => {
        const app = new App(this.subject);
        app.answer = () => "a value";
        // What a clear of another name, and a purge, find to delete.
        await app.act((ctx) => app.cacheNamed("other").fetch(ctx, { place: "elsewhere" }));
        advance(TTL + 1);
        const endings = await prepareEntries(app);
        app.ledger.reset();
        await run(app, endings);
        const mutations = app.ledger.transactions.filter(({ kind }) => kind === "mutation");
        return { label, accesses: mutations.flatMap(({ accesses }) => accesses) };
      }),
    );
  }
}
