/** The states in which mutations find entries, and the mutations whose contention is looked at. */
import {
  componentsGeneric,
  type DefaultFunctionArgs,
  type FunctionReference,
  type GenericDataModel,
  type GenericMutationCtx,
} from "convex/server";
import type { internal } from "../src/component/_generated/api.js";
import { QUIET_MS } from "../src/component/model/gc/due.js";
import { OUTCOME_MS } from "../src/shared/leaseTimes.js";
import type { FillResult } from "../src/shared/fillProtocol.js";
import type { Runner } from "../src/shared/protocol.js";
import { HOUR, MINUTE, SECOND } from "../src/shared/time.js";
import { type App, shared, TTL } from "./app.js";
import { advance } from "./clock.js";
import { component } from "./subjects.js";

/** What is stored of an entry; one that is refilled was invalidated with `refresh`. */
export type Content = "nothing" | "live" | "expired long ago" | "being refilled";
/** What holds its lease. */
type Fill = "no fill" | "scheduled" | "running";

/** One of two entries of one name: what is done to A is compared with what is done to B. */
export type Entry = {
  which: "A" | "B";
  content: Content;
  fill: Fill;
  /** The stored row, if it is valid, and the fill that holds the lease. */
  seen?: string;
  token?: string;
};

type Ctx = Pick<GenericMutationCtx<GenericDataModel>, "runQuery"> & {
  runMutation(reference: never, args: never): Promise<unknown>;
};
export type Run = (ctx: Ctx) => Promise<unknown>;

/** A version's mutations, by what they are called in the report. */
export type World = {
  contents: Content[];
  fills: Fill[];
  /** Brings all of these entries about, and what housekeeping finds to do. */
  build(app: App, entries: Entry[]): Promise<void>;
  /** Those that concern one entry; undefined where they don't apply. */
  steps: Record<string, (entry: Entry) => Run | undefined>;
  /** A batch of each part of housekeeping. */
  jobs: () => Record<string, Run>;
  clear: (name: string) => Run;
  invalidations: Record<string, Run>;
};

const call =
  <Args extends DefaultFunctionArgs>(
    reference: FunctionReference<"mutation", "internal", Args>,
    args: Args,
  ): Run =>
  (ctx) =>
    ctx.runMutation(reference as never, args as never);

export const NAME = "bench";
const OTHER = "other";
export const labelOf = ({ which, content, fill }: Entry) => `${which}: ${content}, ${fill}`;
const keyOf = (entry: Entry) => ({ name: NAME, key: { city: labelOf(entry) } });

const TAG = "users";
const REFILLED = "guides";
const numbers = { ttl: TTL, jitter: 0, retain: 0, errorTtl: SECOND };
const runner: Runner = { kind: "component", action: "function://;upstream:compute", ...numbers };
const recipe = { args: { value: {} }, runner };
const stored = (tag: string, ttl: number | null) => {
  return { content: { value: "a value" }, ttl, retain: 0, tags: [tag], recipe };
};
const value = (ttl: number): FillResult => ({ kind: "value", fillMs: 100, ...stored(TAG, ttl) });
const skipped: FillResult = { kind: "skipped", retryMs: SECOND };
const error = { kind: "other", message: "it failed" } as const;
const failed: FillResult = { kind: "failed", error, errorTtl: SECOND, retryMs: SECOND };

const { entries, fills, invalidations } = component;
/** Our internal functions too. */
const { maintenance, refill } = componentsGeneric().actionCache as unknown as typeof internal;

const claim = (entry: Entry, force: boolean) =>
  call(fills.claim, {
    requests: [{ ...keyOf(entry), seen: entry.seen, failures: true, force }],
  });
const schedule = (entry: Entry, failures?: boolean) =>
  call(fills.schedule, {
    requests: [{ ...keyOf(entry), seen: entry.seen, failures, force: false, ...recipe }],
  });
const staleness = { staleWhileRevalidate: 0, staleIfError: 0, refreshAhead: false };
const read = { ttl: TTL, errorTtl: SECOND, ...staleness };

const settle =
  (result: FillResult) =>
  ({ fill, token, ...entry }: Entry) =>
    fill === "running"
      ? call(fills.settle, { ...keyOf({ fill, ...entry }), token: token!, result })
      : undefined;

const invalidate = (mode: "remove" | "expire", refresh: boolean) =>
  call(invalidations.byTags, { tags: [TAG], mode, refresh });

export const ourWorld: World = {
  contents: ["nothing", "live", "expired long ago", "being refilled"],
  fills: ["no fill", "scheduled", "running"],
  build,
  steps: {
    claim: (entry) => claim(entry, false),
    "claim by force": (entry) => claim(entry, true),
    schedule: (entry) => schedule(entry, true),
    refresh: (entry) => schedule(entry),
    "fetch in a mutation": (entry) =>
      call(fills.fetch, {
        requests: [{ ...keyOf(entry), force: false, read, ...recipe }],
      }),
    begin: ({ fill, token }) =>
      fill === "scheduled" ? call(fills.begin, { token: token!, name: NAME }) : undefined,
    heartbeat: ({ fill, token }) =>
      fill === "running" ? call(fills.heartbeat, { tokens: [token!] }) : undefined,
    settle: settle(value(TTL)),
    "settle, skipped": settle(skipped),
    "settle, failed": settle(failed),
    put: (entry) => call(entries.put, { ...keyOf(entry), options: stored(TAG, TTL) }),
    remove: (entry) => call(entries.remove, keyOf(entry)),
    expire: (entry) => call(entries.expire, { ...keyOf(entry), retain: 0 }),
  },
  jobs() {
    const until = Date.now() - QUIET_MS;
    const outcomes = { table: "fills" as const, until: until - OUTCOME_MS };
    return {
      "purge of entries": call(maintenance.purgeEntries, { until }),
      "purge of outcomes": call(maintenance.purgeOutcomes, outcomes),
      sweep: call(maintenance.sweep, { until }),
      compaction: call(maintenance.compact, { state: "swept", until }),
      "resuming refills": call(refill.resume, {}),
    };
  },
  clear: (name) => call(component.lib.removeAll, { name }),
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
    const swept = { tag: '["tag","x"]', mode: "remove", state: "swept" } as const;
    await ctx.db.insert("invalidations", { ...swept, at: ctx.db.vars.commitTs });
  });
  for (const result of [value(SECOND), failed]) {
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
    if (entry.content !== "being refilled") {
      const { name, key } = keyOf(entry);
      const row = await inComponent((ctx) => {
        const rows = ctx.db.query("values");
        return rows.withIndex("key", (q) => q.eq("name", name).eq("args", key)).first();
      });
      entry.seen = row?._id;
    }
    if (entry.fill === "scheduled") await t.mutation(schedule(entry));
    if (entry.fill === "running") await t.mutation(claim(entry, true));
    const newest = await inComponent((ctx) => ctx.db.query("fills").order("desc").first());
    if (entry.fill !== "no fill") entry.token = newest!._id;
  }
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
      const lookup = { name: NAME, args: keyOf(entry).key };
      const got = await ctx.runQuery(shared.lib.get, { ...lookup, ttl: 0 });
      const expiredEntry = got.kind === "miss" ? got.expiredEntry : undefined;
      const put = { ...lookup, value: "a value", ttl: TTL, expiredEntry };
      return await call(shared.lib.put, put)(ctx);
    },
    remove: (entry) => call(shared.lib.remove, { name: NAME, args: keyOf(entry).key }),
  },
  jobs: () => ({ "purge of entries": call(shared.crons.purge, {}) }),
  clear: (name) => call(shared.lib.removeAll, { name }),
  invalidations: {},
};
