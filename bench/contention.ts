/** Which mutations would not commit side by side, by what each reads and writes. */
import type { Access } from "../src/testing/syscalls.js";
import { App, type Subject } from "./app.js";
import { holdClock, holdTimers } from "./clock.js";
import { conflict, type Schema } from "./conflicts.js";
import { ours } from "./subjects.js";
import {
  type Content,
  type Entry,
  labelOf,
  NAME,
  ourWorld,
  legacyWorld,
  type Run,
  type World,
} from "./world.js";

/** Pairs of mutations, and those of them that conflict. */
export type Pairs = {
  pairs: number;
  conflicts: string[];
  /** How many would conflict if what is read on a stale snapshot did. */
  withStale: number;
};

const LIVE = "housekeeping and an entry that lives, or is filled for the first time";
const REFILLED = "housekeeping and an entry that is being refilled";
const EXPIRED = "housekeeping and an entry that expired long ago";
const HOUSEKEEPING = {
  nothing: LIVE,
  live: LIVE,
  "being refilled": REFILLED,
  "expired long ago": EXPIRED,
} as const satisfies Record<Content, string>;

/** What two mutations may have to do with each other, and whether they may conflict. */
export const RELATIONS = {
  "different entries": { mayConflict: false },
  "two invalidations of one tag": { mayConflict: false },
  "two clears of one name": { mayConflict: false },
  "clears of different names": { mayConflict: false },
  [LIVE]: { mayConflict: false },
  [REFILLED]: { mayConflict: false },
  "housekeeping, and invalidations and clears": { mayConflict: false },
  [EXPIRED]: { mayConflict: true },
  "the same entry": { mayConflict: true },
  "a clear and an entry of its name": { mayConflict: true },
  "an invalidation and an entry under its tag": { mayConflict: true },
} as const;
export type Relation = keyof typeof RELATIONS;
export const relations = Object.keys(RELATIONS) as Relation[];

/** How many fills run elsewhere, or of the entry itself. */
export const runnings = ["nothing runs", "one runs", "many run"] as const;
type Running = (typeof runnings)[number];

export type Contention = {
  relations: Record<Relation, Pairs>;
  /** Pairs of a job and each step of a fill: job, what runs, and what is stored of the entry. */
  housekeeping: { [job: string]: Record<Running, Record<Content, Pairs>> };
};

/** A mutation that ran, and what it read and wrote. */
type Trace = { label: string; entry?: Entry; accesses: Access[] };
type Traces = Record<"steps" | "jobs" | "clears" | "clearsOfOther" | "invalidations", Trace[]>;

/** Runs each mutation from the same beginning, and compares what they read and wrote. */
export async function measureContention(
  subject: Subject,
  world: World = subject === ours ? ourWorld : legacyWorld,
): Promise<Contention> {
  const { contents } = world;
  const traced = await holdTimers(() => holdClock(Date.now(), () => traceAll(subject, world)));
  const none = (): Pairs => ({ pairs: 0, conflicts: [], withStale: 0 });
  const each = <Key extends string, T>(keys: readonly Key[], make: () => T) =>
    Object.fromEntries(keys.map((key) => [key, make()])) as Record<Key, T>;
  const counted = each(relations, none);
  const housekeeping = each(Object.keys(world.jobs()), () =>
    each(runnings, () => each(contents, none)),
  );
  const compare = (relation: Relation, some: Trace[], others: Trace[]) =>
    count(counted[relation], subject.schema, some, others);
  for (const [running, traces] of traced) {
    const { steps, jobs, clears, clearsOfOther, invalidations } = traces;
    const onA = steps.filter(({ entry }) => entry?.which === "A");
    const onB = steps.filter(({ entry }) => entry?.which === "B");
    compare("different entries", onA, onB);
    for (const one of onA) {
      const same = onA.filter(({ entry }) => entry === one.entry);
      compare("the same entry", [one], same.slice(same.indexOf(one)));
    }
    compare("two invalidations of one tag", invalidations, invalidations);
    compare("two clears of one name", clears, clears);
    compare("clears of different names", clears, clearsOfOther);
    compare("a clear and an entry of its name", clears, onA);
    compare("an invalidation and an entry under its tag", invalidations, onA);
    compare("housekeeping, and invalidations and clears", jobs, [...invalidations, ...clears]);
    for (const content of contents) {
      const among = onA.filter(({ entry }) => entry!.content === content);
      for (const job of jobs) {
        compare(HOUSEKEEPING[content], [job], among);
        count(housekeeping[job.label]![running][content], subject.schema, [job], among);
      }
    }
  }
  return { relations: counted, housekeeping };
}

function count(counted: Pairs, schema: Schema, some: Trace[], others: Trace[]): void {
  for (const one of some) {
    for (const other of others) {
      counted.pairs += 1;
      const isConflict = conflict(schema, one.accesses, other.accesses);
      if (isConflict) counted.conflicts.push(`${one.label} and ${other.label}`);
      const hasStale = one.accesses.some(({ isStale }) => isStale);
      const withStale = hasStale ? conflict(schema, fresh(one), fresh(other)) : isConflict;
      if (withStale) counted.withStale += 1;
    }
  }
}

/** What a mutation would have read and written without stale snapshots. */
const fresh = ({ accesses }: Trace) => accesses.map((access) => ({ ...access, isStale: false }));

/** Traces in databases in which no fill runs, in which one does, and in which many do. */
async function traceAll(subject: Subject, world: World): Promise<[Running, Traces][]> {
  const { contents, fills } = world;
  const entries = (of: typeof fills) =>
    (["A", "B"] as const).flatMap((which) =>
      contents.flatMap((content) => of.map((fill): Entry => ({ which, content, fill }))),
    );
  const idle = fills.filter((fill) => fill !== "running");
  const traced: [Running, Traces][] = [];
  const add = async (running: Running, all: Entry[]) =>
    traced.push([running, await trace(subject, world, all)]);
  await add("nothing runs", entries(idle));
  if (idle.length === fills.length) return traced;
  for (const content of contents) {
    await add("one runs", [...entries(idle), { which: "A", content, fill: "running" }]);
  }
  await add("many run", entries(fills));
  return traced;
}

async function trace(subject: Subject, world: World, entries: Entry[]): Promise<Traces> {
  const app = new App(subject);
  const { observer } = app;
  await world.build(app, entries);
  // Read once more, for the commit timestamps that documents have by now.
  await app.inComponent(async (ctx) => {
    for (const table of Object.keys(subject.schema.tables)) {
      await ctx.db.query(table as "values").collect();
    }
  });
  const documents = [...observer.documents];
  const traceOne = async (label: string, run: Run, entry?: Entry): Promise<Trace> => {
    observer.reset();
    observer.documents = new Map(documents);
    await undone(app, run);
    return { label, entry, accesses: observer.accesses };
  };
  const traceEach = async (runs: Record<string, Run | undefined>, entry?: Entry) => {
    const traces: Trace[] = [];
    for (const [label, run] of Object.entries(runs)) {
      if (run)
        traces.push(await traceOne(entry ? `${label} (${labelOf(entry)})` : label, run, entry));
    }
    return traces;
  };
  const steps: Trace[] = [];
  for (const entry of entries) {
    const runs = Object.entries(world.steps).map(([label, step]) => [label, step(entry)]);
    steps.push(...(await traceEach(Object.fromEntries(runs) as Record<string, Run>, entry)));
  }
  const jobs = await traceEach(world.jobs());
  const idle = jobs.find(({ accesses }) => accesses.every(({ kind }) => kind !== "write"));
  if (idle) throw new Error(`bench: "${idle.label}" found nothing to do`);
  return {
    steps,
    jobs,
    clears: await traceEach({ clear: world.clear(NAME) }),
    clearsOfOther: await traceEach({ "clear of another name": world.clear("third") }),
    invalidations: await traceEach(world.invalidations),
  };
}

/** Runs a mutation and rolls it back, so that each begins with the same database. */
async function undone(app: App, run: Run): Promise<void> {
  const UNDO = "bench: to be rolled back";
  const mutation = app.t.mutation(async (ctx) => {
    await run(ctx);
    throw new Error(UNDO);
  });
  await mutation.catch((error: Error) => {
    if (!error.message.includes(UNDO)) throw error;
  });
}
