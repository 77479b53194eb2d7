import { type Infer, v } from "convex/values";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { compareCommits, type CommitTs } from "../invalidation/commitOrder.js";
import { committed, listedUnder } from "../invalidation/listing.js";
import { concernsFailures, reachOf } from "../invalidation/tags.js";
import { RefillNeeds } from "../refill/needs.js";
import { type Position, rowsFrom } from "../scan.js";

type Invalidation = Doc<"invalidations"> & { at: bigint };

const MAX_ROWS = 256;

/** An entry under one of so many tags is looked for; with more, an expiry is kept. */
const MAX_LISTED = 256;

/** A compaction under way: of removals that are swept, then of expiries, from before `until` (ms). */
export const compactJob = {
  state: v.union(v.literal("swept"), v.literal("expiring")),
  until: v.number(),
  after: v.optional(v.object({ key: v.int64(), time: v.number(), ids: v.array(v.string()) })),
};
type CompactJob = {
  state: "swept" | "expiring";
  until: number;
  after?: Position<bigint>;
};

/** The next invalidations that nothing needs any more. */
export const unneededPage = v.object({
  rows: v.array(v.id("invalidations")),
  next: v.union(v.object(compactJob), v.null()),
});
type UnneededPage = Infer<typeof unneededPage>;

/** Drops a batch of invalidations that nothing needs any more, and schedules the next. */
export async function compact(ctx: MutationCtx, job: CompactJob): Promise<void> {
  const page: UnneededPage = await ctx.runQuery(internal.maintenance.unneeded, job, {
    useStaleSnapshot: true,
  });
  for (const id of page.rows) {
    if ((await ctx.db.get("invalidations", id)) !== null) await ctx.db.delete("invalidations", id);
  }
  if (page.next) await ctx.scheduler.runAfter(0, internal.maintenance.compact, page.next);
}

/**
 * Lists invalidations that nothing is older than any more: no entry, since what
 * they removed is swept, and no fill that runs or whose failure is remembered. Of
 * the expiries, those also that are the first for no entry.
 *
 * A snapshot from a while ago will do: a fill that began since is later than they are.
 */
export async function listUnneeded(
  ctx: QueryCtx,
  { state, until, after }: CompactJob,
): Promise<UnneededPage> {
  const rows: Id<"invalidations">[] = [];
  const needs = new Needs(ctx);
  const states = state === "swept" ? (["swept", "expiring"] as const) : ([state] as const);
  let visited = 0;
  for (const next of states) {
    let last = next === state ? after : undefined;
    for await (const { row, position } of inState(ctx, next, last)) {
      if (row._creationTime > until) break;
      if (visited === MAX_ROWS) return { rows, next: { state: next, until, after: last } };
      visited += 1;
      if (!(await needs.include(row))) rows.push(row._id);
      last = position;
    }
  }
  return { rows, next: null };
}

function inState(ctx: QueryCtx, state: CompactJob["state"], after: Position<bigint> | undefined) {
  const invalidations = () => ctx.db.query("invalidations");
  return rowsFrom<Invalidation, bigint>(
    {
      keyOf: ({ at }) => at,
      all: () =>
        committed(
          invalidations().withIndex("state", (q) => q.eq("state", state)),
          "at",
        ),
      at: (at, time) =>
        committed(
          invalidations().withIndex("state", (q) =>
            q.eq("state", state).eq("at", at).gte("_creationTime", time),
          ),
          "at",
        ),
      behind: (at) =>
        committed(
          invalidations().withIndex("state", (q) => q.eq("state", state).gt("at", at)),
          "at",
        ),
    },
    after,
  );
}

/** What still needs invalidations. Looked up once it is asked for: mostly there is nothing to drop. */
class Needs {
  readonly #ctx: QueryCtx;
  #oldest:
    | Promise<{ refills: RefillNeeds; running: CommitTs | undefined; failed: CommitTs | undefined }>
    | undefined;

  constructor(ctx: QueryCtx) {
    this.#ctx = ctx;
  }

  async include(row: Invalidation): Promise<boolean> {
    this.#oldest ??= this.#look();
    const { refills, running, failed } = await this.#oldest;
    const isOlder = (start: CommitTs | undefined) =>
      start !== undefined && compareCommits(start, row.at) <= 0;
    return (
      refills.areOf(row._id) ||
      isOlder(running) ||
      (concernsFailures(row.tag) && isOlder(failed)) ||
      (row.mode === "expire" && (await isFirstForAnEntry(this.#ctx, row)))
    );
  }

  async #look() {
    const running = await this.#ctx.db
      .query("fills")
      .withIndex("state", (q) => q.eq("state", "running"))
      .first();
    const failed = await this.#ctx.db.query("failures").withIndex("startedAt").first();
    const refills = await RefillNeeds.of(this.#ctx);
    return { refills, running: running?.startedAt, failed: failed?.startedAt };
  }
}

/** Whether an expiry is the first for some entry: for one that began since the expiry before it. */
async function isFirstForAnEntry(ctx: QueryCtx, { tag, at }: Invalidation): Promise<boolean> {
  const previous = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "expire").lt("at", at))
    .order("desc")
    .first();
  const from = previous?.at ?? 0n;
  const reach = reachOf(tag);
  if (reach.kind !== "listed") return true;
  if (reach.from === reach.to) {
    const entry = await ctx.db
      .query("tags")
      .withIndex("tag", (q) => q.eq("tag", tag).gte("startedAt", from).lte("startedAt", at))
      .first();
    return entry !== null;
  }
  let visited = 0;
  for await (const { row } of listedUnder(ctx, reach, undefined)) {
    const began = row.startedAt;
    if (compareCommits(began, from) >= 0 && compareCommits(began, at) <= 0) return true;
    visited += 1;
    if (visited === MAX_LISTED) return true;
  }
  return false;
}
