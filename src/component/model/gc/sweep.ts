import { type Infer, type ObjectType, v, type VAny, type Value } from "convex/values";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";
import { metadataOf } from "../entry/rows.js";
import { removes, startOfEntry } from "../invalidation/validity.js";
import { RefillNeeds } from "../refill/needs.js";
import { isSuperseded } from "../invalidation/supersession.js";
import { type CommitPosition, commitPosition, positionOf } from "../scan.js";
import { Batch, deletableOf, deleteAll, deletion, documentSize } from "./batch.js";
import { type Candidate, candidates } from "./candidates.js";
import { dropAll, inState } from "./invalidations.js";

type Invalidation = Doc<"invalidations">;

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
      position: v.optional(positionOf(v.any() as VAny<Value>)),
      /** Whether entries were spared, so that a later sweep must come back. */
      spared: v.boolean(),
    }),
  ),
  /** The last invalidation visited, in the order of their commits. */
  after: v.optional(commitPosition),
  /** Only invalidations from before this time, in ms. */
  until: v.optional(v.number()),
};
export type SweepJob = ObjectType<typeof sweepJob>;
type Current = NonNullable<SweepJob["current"]>;

/** What to delete next, which invalidations are done with, and how the sweep goes on. */
export const sweepPage = v.object({
  deletions: v.array(deletion),
  swept: v.array(v.id("invalidations")),
  superseded: v.array(v.id("invalidations")),
  next: v.union(v.object(sweepJob), v.null()),
});
type SweepPage = Infer<typeof sweepPage>;

/** Deletes a batch of what invalidations removed, and schedules the next. */
export async function sweep(ctx: MutationCtx, job: SweepJob): Promise<void> {
  const page: SweepPage = await ctx.runQuery(internal.maintenance.invalid, job, {
    useStaleSnapshot: true,
  });
  const next = await apply(ctx, page);
  if (next) await ctx.scheduler.runAfter(0, internal.maintenance.sweep, next);
}

/**
 * Deletes what an invalidation of this very transaction removed, up to a limit and
 * as far as the transaction has room. Resolves to what is left to do: at least to
 * look once more, for what this transaction itself stored before.
 */
export async function sweepNow(
  ctx: MutationCtx,
  job: SweepJob & { limit: number },
): Promise<SweepJob> {
  let next: SweepJob | null = job;
  let left = job.limit;
  while (next !== null && left > 0 && (await hasRoomFor(ctx, ONE_BATCH))) {
    const page: SweepPage = await listInvalid(ctx, { ...next, limit: left });
    left -= page.deletions.length;
    next = await apply(ctx, page);
  }
  return { ...(next ?? job), limit: job.limit };
}

/** Room for a batch in a transaction that has other work, with some to spare for that. */
const ONE_BATCH = { bytesRead: 5 * 1024 * 1024, documentsWritten: 4096, databaseQueries: 1024 };

/** Deletes what was listed. Resolves to how the sweep goes on. */
async function apply(ctx: MutationCtx, page: SweepPage): Promise<SweepJob | null> {
  const deletedAll = await deleteAll(ctx, page.deletions);
  await dropAll(ctx, page.superseded);
  if (deletedAll) {
    for (const id of page.swept) {
      const row = await ctx.db.get("invalidations", id);
      // What this transaction stored before its own invalidation was not listed.
      const isSwept = row?.state === "pending" && typeof row.at === "bigint";
      if (isSwept) await ctx.db.patch("invalidations", id, { state: "swept" });
    }
    return page.next;
  }
  const current = page.next?.current && { ...page.next.current, spared: true };
  return page.next && { ...page.next, current };
}

/** Lists what to delete next for invalidations that are pending. */
export async function listInvalid(ctx: QueryCtx, job: SweepJob): Promise<SweepPage> {
  const needs = await RefillNeeds.of(ctx);
  const batch = new Batch(job.limit);
  const swept: Id<"invalidations">[] = [];
  const superseded: Id<"invalidations">[] = [];
  const { deletions } = batch;
  const page = (next: SweepJob | null) => ({ deletions, swept, superseded, next });
  let { after } = job;
  for await (const { invalidation, begun, position } of pending(ctx, job)) {
    if (!batch.hasRoom) return page({ ...job, current: undefined, after });
    after = position ?? after;
    if (!needs.areOf(invalidation._id) && (await isSuperseded(ctx, invalidation))) {
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
  /** Its position among all that are pending. */
  position?: CommitPosition;
};

/** The invalidations whose entries are still stored, from where the last batch ended. */
async function* pending(ctx: QueryCtx, job: SweepJob): AsyncGenerator<Pending> {
  const id = job.current?.invalidation ?? job.only;
  const invalidation = id && (await ctx.db.get("invalidations", id));
  if (invalidation?.state === "pending") yield { invalidation, begun: job.current };
  if (job.only !== undefined) return;
  for await (const { row, position } of inState(ctx, "pending", job.after)) {
    if (job.until !== undefined && row._creationTime > job.until) return;
    yield { invalidation: row, position };
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
  if (row === null && tagRow === undefined) {
    batch.pass(0);
    return "added";
  }
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
