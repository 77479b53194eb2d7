import { type Infer, v } from "convex/values";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";
import { metadataOf } from "../entry/rows.js";
import { compareCommits } from "../invalidation/commitOrder.js";
import { removes, startOfEntry } from "../invalidation/validity.js";
import { RefillNeeds } from "../refill/needs.js";
import { type Position, rowsFrom } from "../scan.js";
import { Batch, deletableOf, deleteAll, deletion, documentSize } from "./batch.js";
import { type Candidate, candidates } from "./candidates.js";
import { committed } from "../invalidation/listing.js";

type Invalidation = Doc<"invalidations">;

const position = <Key extends ReturnType<typeof v.any> | ReturnType<typeof v.int64>>(key: Key) =>
  v.object({ key, time: v.number(), ids: v.array(v.string()) });

/** A sweep under way. */
export const sweepJob = {
  /** The one invalidation to sweep for; default: all that are pending. */
  only: v.optional(v.id("invalidations")),
  /** The most entries to delete in a batch. */
  limit: v.optional(v.number()),
  /** The invalidation that the last batch ended at, and where. */
  current: v.optional(
    v.object({
      invalidation: v.id("invalidations"),
      position: v.optional(position(v.any())),
      /** Whether entries were spared for a refill, so that a later sweep must come back. */
      spared: v.boolean(),
    }),
  ),
  /** The last invalidation visited, in the order of their commits. */
  after: v.optional(position(v.int64())),
  /** Only invalidations from before this time, in ms. */
  until: v.optional(v.number()),
};
type Current = { invalidation: Id<"invalidations">; position?: Position; spared: boolean };
export type SweepJob = {
  only?: Id<"invalidations">;
  limit?: number;
  current?: Current;
  after?: Position<bigint>;
  until?: number;
};

/** What to delete next, which invalidations are done with, and how the sweep goes on. */
export const sweepPage = v.object({
  deletions: v.array(deletion),
  swept: v.array(v.id("invalidations")),
  superseded: v.array(v.id("invalidations")),
  next: v.union(v.object(sweepJob), v.null()),
});
type SweepPage = Infer<typeof sweepPage> & { next: SweepJob | null };

/** Deletes a batch of what invalidations removed, and schedules the next. */
export async function sweep(ctx: MutationCtx, job: SweepJob): Promise<void> {
  const page: SweepPage = await ctx.runQuery(internal.maintenance.invalid, job, {
    useStaleSnapshot: true,
  });
  await apply(ctx, page);
  if (page.next) await ctx.scheduler.runAfter(0, internal.maintenance.sweep, page.next);
}

/**
 * Deletes what one invalidation removed, up to its limit, as part of the caller's
 * transaction and as far as that has room. Resolves to what is left to do.
 */
export async function sweepNow(
  ctx: MutationCtx,
  job: SweepJob & { limit: number },
): Promise<SweepJob | null> {
  let next: SweepJob | null = job;
  let left = job.limit;
  while (next !== null && left > 0 && (await hasRoomFor(ctx, ONE_BATCH))) {
    const page: SweepPage = await listInvalid(ctx, { ...next, limit: left });
    await apply(ctx, page);
    left -= page.deletions.length;
    next = page.next;
  }
  return next && { ...next, limit: job.limit };
}

/** Room for a batch in a transaction that has other work, with some to spare for that. */
const ONE_BATCH = { bytesRead: 5 * 1024 * 1024, documentsWritten: 4096, databaseQueries: 1024 };

async function apply(ctx: MutationCtx, page: SweepPage): Promise<void> {
  await deleteAll(ctx, page.deletions);
  for (const id of page.swept) {
    const row = await ctx.db.get("invalidations", id);
    if (row?.state === "pending") await ctx.db.patch("invalidations", id, { state: "swept" });
  }
  for (const id of page.superseded) {
    if ((await ctx.db.get("invalidations", id)) !== null) await ctx.db.delete("invalidations", id);
  }
}

/** Lists what to delete next for invalidations that are pending. */
export async function listInvalid(ctx: QueryCtx, job: SweepJob): Promise<SweepPage> {
  const needs = await RefillNeeds.of(ctx);
  const batch = new Batch(job.limit);
  const swept: Id<"invalidations">[] = [];
  const superseded: Id<"invalidations">[] = [];
  const page = (next: SweepJob | null) => ({ deletions: batch.deletions, swept, superseded, next });
  let { after } = job;
  for await (const { invalidation, begun, place } of pending(ctx, job)) {
    if (!batch.hasRoom) return page({ ...job, current: undefined, after });
    after = place ?? after;
    if (await isSuperseded(ctx, invalidation)) {
      batch.pass(0);
      superseded.push(invalidation._id);
      continue;
    }
    const visited = await visit(ctx, batch, needs, invalidation, begun);
    if (!visited.isDone) return page({ ...job, current: visited.current, after });
    if (!visited.current.spared) swept.push(invalidation._id);
  }
  return page(null);
}

type Pending = {
  invalidation: Invalidation;
  /** How far the last batch came with it. */
  begun?: Current;
  /** Its place among all that are pending. */
  place?: Position<bigint>;
};

/** The invalidations whose entries are still stored, from where the last batch ended. */
async function* pending(ctx: QueryCtx, job: SweepJob): AsyncGenerator<Pending> {
  const id = job.current?.invalidation ?? job.only;
  const invalidation = id && (await ctx.db.get("invalidations", id));
  if (invalidation?.state === "pending") yield { invalidation, begun: job.current };
  if (job.only !== undefined) return;
  const rows = () => ctx.db.query("invalidations");
  const scan = rowsFrom<Invalidation & { at: bigint }, bigint>(
    {
      keyOf: ({ at }) => at,
      all: () =>
        committed(
          rows().withIndex("state", (q) => q.eq("state", "pending")),
          "at",
        ),
      at: (at, time) =>
        committed(
          rows().withIndex("state", (q) =>
            q.eq("state", "pending").eq("at", at).gte("_creationTime", time),
          ),
          "at",
        ),
      behind: (at) =>
        committed(
          rows().withIndex("state", (q) => q.eq("state", "pending").gt("at", at)),
          "at",
        ),
    },
    job.after,
  );
  for await (const { row, position: place } of scan) {
    if (job.until !== undefined && row._creationTime > job.until) return;
    yield { invalidation: row, place };
  }
}

/** Adds to a batch what one invalidation removed. */
async function visit(
  ctx: QueryCtx,
  batch: Batch,
  needs: RefillNeeds,
  invalidation: Invalidation,
  begun: Current | undefined,
): Promise<{ isDone: boolean; current: Current }> {
  const current = begun ?? { invalidation: invalidation._id, spared: false };
  let { position, spared } = current;
  const progress = () => ({ invalidation: invalidation._id, position, spared });
  for await (const candidate of candidates(ctx, invalidation, position)) {
    const added = await addInvalid(ctx, batch, needs, invalidation, candidate);
    if (added === "full" || added === "in part") return { isDone: false, current: progress() };
    position = candidate.position;
    spared ||= added === "spared";
    if (!batch.hasRoom) return { isDone: false, current: progress() };
  }
  return { isDone: true, current: progress() };
}

async function addInvalid(
  ctx: QueryCtx,
  batch: Batch,
  needs: RefillNeeds,
  invalidation: Invalidation,
  { row, tagRow }: Candidate,
): Promise<ReturnType<Batch["add"]> | "spared"> {
  // A row that lists an entry that is gone.
  if (row === null) return batch.add({ tagRow }, { row: 0, parts: 0 });
  const size = documentSize(row);
  const isRemoved = removes(invalidation, startOfEntry(row));
  if (!isRemoved || needs.include(row)) {
    batch.pass(size);
    return isRemoved ? "spared" : "added";
  }
  const metadata = (await metadataOf(ctx, row))?._id;
  const entry = deletableOf(row);
  return batch.add({ entry, metadata }, { row: 2 * size, parts: row.partsBytes ?? 0 });
}

/** Whether a later removal of the same tag covers all that this one does. */
async function isSuperseded(ctx: QueryCtx, invalidation: Invalidation): Promise<boolean> {
  const newest = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", invalidation.tag).eq("mode", "remove"))
    .order("desc")
    .first();
  return (
    newest !== null &&
    compareCommits(newest.at, invalidation.at) > 0 &&
    (newest.before ?? Infinity) >= (invalidation.before ?? Infinity)
  );
}
