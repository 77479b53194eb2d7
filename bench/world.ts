/** The states in which mutations find entries, and the mutations whose contention is looked at. */
import { componentsGeneric, type GenericDataModel, type GenericMutationCtx } from "convex/server";
import type { internal } from "../src/component/_generated/api.js";
import { QUIET_MS } from "../src/component/model/gc/batch.js";
import { OUTCOME_MS } from "../src/shared/leaseTimes.js";
import type { FillResult, Runner } from "../src/shared/protocol.js";
import { HOUR, MINUTE, SECOND } from "../src/shared/time.js";
import { type App, shared, TTL } from "./app.js";
import { advance } from "./clock.js";
import { component } from "./subjects.js";

/** What is stored of an entry; one that is refilled was invalidated with `refresh`. */
export type Content = "nothing" | "live" | "expired long ago" | "being refilled";
/** What holds its lease. */
export type Fill = "no fill" | "scheduled" | "running";

/** One of two entries of one name: what is done to A is compared with what is done to B. */
export type Entry = {
  which: "A" | "B";
  content: Content;
  fill: Fill;
  /** The stored row, if it is valid, and the fill that holds the lease. */
  seen?: string;
  token?: string;
};

type Ctx = Pick<GenericMutationCtx<GenericDataModel>, "runQuery" | "runMutation">;
export type Run = (ctx: Ctx) => Promise<unknown>;
/** A mutation that concerns one entry; undefined where it does not apply. */
type Step = (entry: Entry) => Run | undefined;

/** A version's mutations, by what they are called in the report. */
export type World = {
  contents: Content[];
  fills: Fill[];
  /** Brings all of these entries about, and what housekeeping finds to do. */
  build(app: App, entries: Entry[]): Promise<void>;
  steps: Record<string, Step>;
  /** Housekeeping in its batches; on top of them, a refill on its way. */
  jobs: Record<string, Run>;
  clear: (name: string) => Run;
  invalidations: Record<string, Run>;
};

export const NAME = "bench";
const OTHER = "other";
export const labelOf = ({ which, content, fill }: Entry) => `${which}: ${content}, ${fill}`;
const keyOf = (entry: Entry) => ({ name: NAME, key: { city: labelOf(entry) } });

const TAG = "users";
const REFILLED = "guides";
const runner: Runner = {
  kind: "component",
  action: "function://;upstream:compute",
  ttl: TTL,
  jitter: 0,
  retain: 0,
  errorTtl: SECOND,
};
const stored = (tag: string, ttl: number | null) => ({
  content: { value: "a value" },
  ttl,
  retain: 0,
  tags: [tag],
  recipe: { args: { value: {} }, runner },
});
const SKIPPED: FillResult = { kind: "skipped", reason: "not wanted", retryMs: SECOND };
const FAILED: FillResult = {
  kind: "failed",
  error: { kind: "other", message: "it failed" },
  errorTtl: SECOND,
  retryMs: SECOND,
};

const { entries, fills, invalidations } = component;
/** Our internal functions too. */
const { maintenance, refill } = componentsGeneric().actionCache as unknown as typeof internal;

const claim = (entry: Entry, force: boolean) => {
  const { seen } = entry;
  return { requests: [{ ...keyOf(entry), seen, failures: true, force }] };
};
const schedule = (entry: Entry, failures?: boolean) => {
  const { seen } = entry;
  const request = { ...keyOf(entry), seen, failures, force: false, args: { value: {} }, runner };
  return { requests: [request] };
};
const READ = { ttl: TTL, staleWhileRevalidate: 0, staleIfError: 0, refreshAhead: false };

/** Applies to an entry whose lease is held so. */
const whileHeld =
  (fill: Fill, step: (entry: Entry & { token: string }) => Run): Step =>
  (entry) =>
    entry.fill === fill ? step(entry as Entry & { token: string }) : undefined;
const settle = (result: FillResult) =>
  whileHeld("running", (entry) => (ctx) => {
    const { token } = entry;
    return ctx.runMutation(fills.settle, { ...keyOf(entry), token, result });
  });
const invalidate =
  (mode: "remove" | "expire", refresh: boolean): Run =>
  (ctx) =>
    ctx.runMutation(invalidations.byTags, { tags: [TAG], mode, refresh });

const until = () => Date.now() - QUIET_MS;

export const ourWorld: World = {
  contents: ["nothing", "live", "expired long ago", "being refilled"],
  fills: ["no fill", "scheduled", "running"],
  build,
  steps: {
    claim: (entry) => (ctx) => ctx.runMutation(fills.claim, claim(entry, false)),
    "claim by force": (entry) => (ctx) => ctx.runMutation(fills.claim, claim(entry, true)),
    schedule: (entry) => (ctx) => ctx.runMutation(fills.schedule, schedule(entry, true)),
    refresh: (entry) => (ctx) => ctx.runMutation(fills.schedule, schedule(entry)),
    "fetch in a mutation": (entry) => (ctx) => {
      const [{ seen: _, failures: __, ...request }] = schedule(entry).requests as [
        ReturnType<typeof schedule>["requests"][number],
      ];
      const read = { ...READ, errorTtl: SECOND };
      return ctx.runMutation(fills.fetch, { requests: [{ ...request, read }] });
    },
    begin: whileHeld(
      "scheduled",
      ({ token }) =>
        (ctx) =>
          ctx.runMutation(fills.begin, { token, name: NAME }),
    ),
    heartbeat: whileHeld(
      "running",
      ({ token }) =>
        (ctx) =>
          ctx.runMutation(fills.heartbeat, { tokens: [token] }),
    ),
    settle: settle({ kind: "value", fillMs: 100, ...stored(TAG, TTL) }),
    "settle, skipped": settle(SKIPPED),
    "settle, failed": settle(FAILED),
    put: (entry) => (ctx) =>
      ctx.runMutation(entries.put, { ...keyOf(entry), options: stored(TAG, TTL) }),
    remove: (entry) => (ctx) => ctx.runMutation(entries.remove, keyOf(entry)),
    expire: (entry) => (ctx) => ctx.runMutation(entries.expire, { ...keyOf(entry), retain: 0 }),
  },
  jobs: {
    "purge of entries": (ctx) => ctx.runMutation(maintenance.purgeEntries, { until: until() }),
    "purge of outcomes": (ctx) =>
      ctx.runMutation(maintenance.purgeOutcomes, { table: "fills", until: until() - OUTCOME_MS }),
    sweep: (ctx) => ctx.runMutation(maintenance.sweep, { until: until() }),
    compaction: (ctx) => ctx.runMutation(maintenance.compact, { state: "swept", until: until() }),
    "resuming refills": (ctx) => ctx.runMutation(refill.resume, {}),
  },
  clear: (name) => (ctx) => ctx.runMutation(component.lib.removeAll, { name }),
  invalidations: {
    removal: invalidate("remove", false),
    "removal with refresh": invalidate("remove", true),
    expiry: invalidate("expire", false),
    "expiry with refresh": invalidate("expire", true),
  },
};

async function build(app: App, all: Entry[]): Promise<void> {
  const { t, inComponent } = app;
  const put = (entry: { name: string; key: object }, tag: string, ttl: number | null) =>
    t.mutation(entries.put, { ...entry, options: stored(tag, ttl) });
  const byTag = (tag: string, refresh: boolean, mode: "remove" | "expire" = "remove") =>
    t.mutation(invalidations.byTags, { tags: [tag], mode, refresh });
  const ofContent = (content: Content) => all.filter((entry) => entry.content === content);

  // Long ago: what housekeeping deletes, drops and resumes.
  await put({ name: OTHER, key: {} }, TAG, null);
  await t.mutation(component.lib.removeAll, { name: OTHER });
  for (const tag of ["gone", "lost"]) {
    await put({ name: NAME, key: { tag } }, tag, null);
    await byTag(tag, tag === "lost");
  }
  await byTag("nobody's", false, "expire");
  await inComponent(async (ctx) => {
    const at = ctx.db.vars.commitTs;
    await ctx.db.insert("invalidations", {
      tag: '["tag","x"]',
      mode: "remove",
      at,
      state: "swept",
    });
  });
  for (const result of [{ kind: "value", fillMs: 1, ...stored(TAG, SECOND) } as const, FAILED]) {
    const entry = { name: NAME, key: { ended: result.kind } };
    const [claimed] = await t.mutation(fills.claim, { requests: [{ ...entry, force: false }] });
    const { token } = claimed as { token: string };
    await t.mutation(fills.settle, { ...entry, token, result });
  }
  for (const entry of ofContent("expired long ago")) await put(keyOf(entry), TAG, SECOND);
  for (const entry of ofContent("being refilled")) await put(keyOf(entry), REFILLED, null);
  await byTag(REFILLED, true);
  advance(HOUR);

  // Lately: the refill has reported, and the rest is in use.
  await inComponent(async (ctx) => {
    const refill = await ctx.db.query("refills").order("desc").first();
    await ctx.db.patch("refills", refill!._id, { deadline: Date.now() + 30 * MINUTE });
  });
  for (const entry of ofContent("live")) await put(keyOf(entry), TAG, TTL);
  for (const entry of all) {
    if (entry.content !== "being refilled") entry.seen = await rowOf(app, entry);
    if (entry.fill === "scheduled") await t.mutation(fills.schedule, schedule(entry));
    if (entry.fill === "running") await t.mutation(fills.claim, claim(entry, true));
    const newest = await inComponent((ctx) => ctx.db.query("fills").order("desc").first());
    if (entry.fill !== "no fill") entry.token = newest!._id;
  }
}

/** The id of an entry's row. */
async function rowOf({ inComponent }: App, entry: Entry): Promise<string | undefined> {
  const { name, key } = keyOf(entry);
  const row = await inComponent((ctx) =>
    ctx.db
      .query("values")
      .withIndex("key", (q) => q.eq("name", name).eq("args", key))
      .first(),
  );
  return row?._id;
}

export const legacyWorld: World = {
  contents: ["nothing", "live", "expired long ago"],
  fills: ["no fill"],
  async build({ t }, all) {
    const put = (name: string, args: object, ttl: number) =>
      t.mutation(shared.lib.put, { name, args, value: "a value", ttl });
    const ofContent = (content: Content) => all.filter((entry) => entry.content === content);
    await put(OTHER, {}, TTL);
    for (const entry of ofContent("expired long ago")) await put(NAME, keyOf(entry).key, SECOND);
    advance(HOUR);
    for (const entry of ofContent("live")) await put(NAME, keyOf(entry).key, TTL);
  },
  steps: {
    // With a ttl of 0 what is stored counts as expired, as in a forced fetch.
    put: (entry) => async (ctx) => {
      const { name, key: args } = keyOf(entry);
      const found = await ctx.runQuery(shared.lib.get, { name, args, ttl: 0 });
      const expiredEntry = found.kind === "miss" ? found.expiredEntry : undefined;
      const value = "a value";
      return await ctx.runMutation(shared.lib.put, { name, args, value, ttl: TTL, expiredEntry });
    },
    remove: (entry) => (ctx) => {
      const { name, key: args } = keyOf(entry);
      return ctx.runMutation(shared.lib.remove, { name, args });
    },
  },
  jobs: { "purge of entries": (ctx) => ctx.runMutation(shared.crons.purge, {}) },
  clear: (name) => (ctx) => ctx.runMutation(shared.lib.removeAll, { name }),
  invalidations: {},
};
