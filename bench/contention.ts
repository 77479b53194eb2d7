/** Which mutations would not commit side by side, by what each reads and writes. */
import type { Access } from "../src/testing/syscalls.js";
import { App, type Subject } from "./app.js";
import { holdClock } from "./clock.js";
import { conflict, type Schema } from "./conflicts.js";
import { ours } from "./subjects.js";
import { holdTimers } from "./timers.js";
import {
  type Content,
  type Entry,
  labelOf,
  NAME,
  ourWorld,
  legacyWorld,
  type Run,
} from "./world.js";

/** Pairs of mutations, and those of them that conflict. */
export type Pairs = {
  pairs: number;
  conflicts: string[];
  /** How many would conflict if what is read on a stale snapshot did. */
  withStale: number;
};

/** What two mutations may have to do with each other, and whether they may conflict. */
export const RELATIONS = {
  "different entries": { mayConflict: false },
  "two invalidations of one tag": { mayConflict: false },
  "two clears of one name": { mayConflict: false },
  "clears of different names": { mayConflict: false },
  "housekeeping and an entry that lives, or is filled for the first time": { mayConflict: false },
  "housekeeping and an entry that is being refilled": { mayConflict: false },
  "housekeeping, and invalidations and clears": { mayConflict: false },
  "housekeeping and an entry that expired long ago": { mayConflict: true },
  "the same entry": { mayConflict: true },
  "a clear and an entry of its name": { mayConflict: true },
  "an invalidation and an entry under its tag": { mayConflict: true },
} as const;
export type Relation = keyof typeof RELATIONS;
export const relations = Object.keys(RELATIONS) as Relation[];

/** How many fills run elsewhere, or of the entry itself. */
export const runnings = ["nothing runs", "one runs", "many run"] as const;
export type Running = (typeof runnings)[number];

export type Contention = {
  relations: Record<Relation, Pairs>;
  /** Pairs of a job and each step of a fill. */
  housekeeping: { job: string; running: Running; content: Content; counts: Pairs }[];
};

/** A mutation that ran, and what it read and wrote. */
type Trace = { label: string; accesses: Access[] };
type StepTrace = Trace & { entry: Entry };
type Traces = {
  running: Running;
  steps: StepTrace[];
  jobs: Trace[];
  clears: Trace[];
  clearsOfOther: Trace[];
  invalidations: Trace[];
};

/** Runs each mutation from the same beginning, and compares what they read and wrote. */
export async function measureContention(subject: Subject): Promise<Contention> {
  const traced = await holdTimers(() => holdClock(Date.now(), () => traceAll(subject)));
  const none = (): Pairs => ({ pairs: 0, conflicts: [], withStale: 0 });
  const counted = Object.fromEntries(
    relations.map((relation) => [relation, none()]),
  ) as Contention["relations"];
  const housekeeping: Contention["housekeeping"] = [];
  const compare = (relation: Relation, some: Trace[], others: Trace[]) =>
    count(counted[relation], subject.schema, some, others);
  for (const { running, steps, jobs, clears, clearsOfOther, invalidations } of traced) {
    const onA = steps.filter(({ entry }) => entry.which === "A");
    const onB = steps.filter(({ entry }) => entry.which === "B");
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
    for (const { content, among } of contentsOf(onA)) {
      for (const job of jobs) {
        compare(HOUSEKEEPING[content], [job], among);
        const counts = none();
        count(counts, subject.schema, [job], among);
        housekeeping.push({ job: job.label, running, content, counts });
      }
    }
  }
  return { relations: counted, housekeeping };
}

const HOUSEKEEPING: Record<Content, Relation> = {
  nothing: "housekeeping and an entry that lives, or is filled for the first time",
  live: "housekeeping and an entry that lives, or is filled for the first time",
  "expired long ago": "housekeeping and an entry that expired long ago",
  "being refilled": "housekeeping and an entry that is being refilled",
};

function contentsOf(steps: StepTrace[]): { content: Content; among: StepTrace[] }[] {
  const contents = [...new Set(steps.map(({ entry }) => entry.content))];
  return contents.map((content) => ({
    content,
    among: steps.filter(({ entry }) => entry.content === content),
  }));
}

function count(counted: Pairs, schema: Schema, some: Trace[], others: Trace[]): void {
  for (const one of some) {
    for (const other of others) {
      counted.pairs += 1;
      const isConflict = conflict(schema, one.accesses, other.accesses);
      if (isConflict) counted.conflicts.push(`${one.label} and ${other.label}`);
      const hasStale = one.accesses.some(({ isStale }) => isStale);
      if (hasStale ? conflict(schema, fresh(one), fresh(other)) : isConflict)
        counted.withStale += 1;
    }
  }
}

/** What a mutation would have read and written without stale snapshots. */
const fresh = ({ accesses }: Trace) => accesses.map((access) => ({ ...access, isStale: false }));

/** Traces in databases in which no fill runs, in which one does, and in which many do. */
async function traceAll(subject: Subject): Promise<Traces[]> {
  const { contents, fills } = subject === ours ? ourWorld : legacyWorld;
  const entries = (of: typeof fills) =>
    (["A", "B"] as const).flatMap((which) =>
      contents.flatMap((content) => of.map((fill): Entry => ({ which, content, fill }))),
    );
  const idle = fills.filter((fill) => fill !== "running");
  const traced = [await trace(subject, "nothing runs", entries(idle))];
  if (idle.length === fills.length) return traced;
  for (const content of contents) {
    const running: Entry = { which: "A", content, fill: "running" };
    traced.push(await trace(subject, "one runs", [...entries(idle), running]));
  }
  return [...traced, await trace(subject, "many run", entries(fills))];
}

async function trace(subject: Subject, running: Running, entries: Entry[]): Promise<Traces> {
  const world = subject === ours ? ourWorld : legacyWorld;
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
  const traceOne = async (label: string, run: Run): Promise<Trace> => {
    observer.reset();
    observer.documents = new Map(documents);
    await undone(app, run);
    return { label, accesses: observer.accesses };
  };
  const traceEach = async (runs: Record<string, Run>) => {
    const traces: Trace[] = [];
    for (const [label, run] of Object.entries(runs)) traces.push(await traceOne(label, run));
    return traces;
  };
  const steps: StepTrace[] = [];
  for (const entry of entries) {
    for (const [label, step] of Object.entries(world.steps)) {
      const run = step(entry);
      if (!run) continue;
      steps.push({ ...(await traceOne(`${label} (${labelOf(entry)})`, run)), entry });
    }
  }
  return {
    running,
    steps,
    jobs: (await traceEach(world.jobs)).map(mustWrite),
    clears: await traceEach({ clear: world.clear(NAME) }),
    clearsOfOther: await traceEach({ "clear of another name": world.clear("third") }),
    invalidations: await traceEach(world.invalidations),
  };
}

function mustWrite(job: Trace): Trace {
  const isIdle = job.accesses.every(({ kind }) => kind !== "write");
  if (isIdle) throw new Error(`bench: "${job.label}" found nothing to do`);
  return job;
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
