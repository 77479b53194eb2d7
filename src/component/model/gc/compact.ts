import { type Infer, type ObjectType, v } from "convex/values";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { compareCommits, type CommitTs } from "../invalidation/commitOrder.js";
import { isSuperseded } from "../invalidation/supersession.js";
import { concernsFailures, reachOf } from "../invalidation/tags.js";
import { RefillNeeds } from "../refill/needs.js";
import { commitPosition } from "../scan.js";
import { type Committed, dropAll, inState } from "./invalidations.js";

const MAX_ROWS = 256;

/** The rows that one expiry of all tenants is compared with. */
const MAX_LISTED = 64;

/** A compaction under way: of removals that are swept, then of expiries, from before `until` (ms). */
export const compactJob = {
  state: v.union(v.literal("swept"), v.literal("expiring")),
  until: v.number(),
  after: v.optional(commitPosition),
};
type CompactJob = ObjectType<typeof compactJob>;

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
  await dropAll(ctx, page.rows);
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

/** What still needs invalidations. Looked up once it is asked for: mostly there is nothing to drop. */
class Needs {
  readonly #ctx: QueryCtx;
  #oldest:
    | Promise<{ refills: RefillNeeds; running: CommitTs | undefined; failed: CommitTs | undefined }>
    | undefined;

  constructor(ctx: QueryCtx) {
    this.#ctx = ctx;
  }

  async include(row: Committed): Promise<boolean> {
    this.#oldest ??= this.#look();
    const { refills, running, failed } = await this.#oldest;
    const isOlder = (start: CommitTs | undefined) =>
      start !== undefined && compareCommits(start, row.at) <= 0;
    if (refills.areOf(row._id)) return true;
    if (await isSuperseded(this.#ctx, row)) return false;
    return (
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

/**
 * Whether an expiry is the first for some entry: for one that began since the
 * expiry before it. Where too many entries began in that time, it is kept.
 */
async function isFirstForAnEntry(ctx: QueryCtx, { tag, at }: Committed): Promise<boolean> {
  const previous = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "expire").lt("at", at))
    .order("desc")
    .first();
  const from = previous?.at ?? 0n;
  const reach = reachOf(tag);
  if (reach.kind !== "listed") return true;
  const tags = ctx.db.query("tags");
  if (reach.from === reach.to) {
    const rows = tags.withIndex("tag", (q) =>
      q.eq("tag", tag).gte("startedAt", from).lte("startedAt", at),
    );
    return (await rows.first()) !== null;
  }
  const rows = await tags
    .withIndex("startedAt", (q) => q.gte("startedAt", from).lte("startedAt", at))
    .take(MAX_LISTED);
  const isCovered = (row: Doc<"tags">) => row.tag >= reach.from && row.tag <= reach.to;
  return rows.length === MAX_LISTED || rows.some(isCovered);
}
