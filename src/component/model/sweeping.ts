import type { Value } from "convex/values";
import { HOUR, MINUTE } from "../../shared/time.js";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { hasRoomFor, hasRoomForParts, ONE_ENTRY } from "./budget.js";
import { compareCommits } from "./commitOrder.js";
import { drain } from "./drain.js";
import { deleteEntry } from "./entries.js";
import { foldInvalidations } from "./folding.js";
import { kills, startOfEntry } from "./judge.js";
import { reachOf } from "./tags.js";

type Invalidation = Doc<"invalidations">;

/** The deletion of what one invalidation made dead. */
export type Sweep = {
  invalidation: Id<"invalidations">;
  batchSize?: number;
  /** Where the last batch ended, in the order in which the entries are found. */
  after?: Value;
};

/** A row that an invalidation may have made dead, and its place in the order. */
type Candidate = {
  _id: string;
  row: Doc<"values"> | null;
  /** The row that lists it under the tag, if it was found by that. */
  listing?: Doc<"tags">;
  position: Value;
};

/**
 * Deletes a batch of what an invalidation made dead, and schedules the next.
 * `alone` tells that nobody else uses the transaction.
 */
export async function sweep(
  ctx: MutationCtx,
  job: Sweep,
  { alone }: { alone: boolean },
): Promise<void> {
  const next = await sweepBatch(ctx, job, { alone });
  if (next !== null) await ctx.scheduler.runAfter(0, internal.invalidations.sweepOne, next);
}

/**
 * Deletes what all invalidations made dead, a batch at a time, then folds the
 * invalidations; `job` is the sweep that the last batch was at.
 */
export async function sweepPending(
  ctx: MutationCtx,
  { job, ...transaction }: { job?: Sweep; alone: boolean },
): Promise<void> {
  let next = job ?? null;
  let { alone } = transaction;
  while (await hasRoomFor(ctx, ONE_ENTRY)) {
    next ??= await nextToSweep(ctx);
    if (next === null) return await foldInvalidations(ctx);
    next = await sweepBatch(ctx, next, { alone });
    alone = false;
    if (next !== null) break;
  }
  await ctx.scheduler.runAfter(
    0,
    internal.invalidations.sweepAll,
    next === null ? {} : { job: next },
  );
}

/** Deletes a batch of what an invalidation made dead. Resolves to the next, or null at the end. */
async function sweepBatch(
  ctx: MutationCtx,
  job: Sweep,
  { alone }: { alone: boolean },
): Promise<Sweep | null> {
  const invalidation = await ctx.db.get("invalidations", job.invalidation);
  if (invalidation === null) return null;
  if (invalidation.mode === "expire") {
    await ctx.db.patch("invalidations", invalidation._id, { state: "expiring" });
    return null;
  }
  if (await isSuperseded(ctx, invalidation)) {
    await ctx.db.delete("invalidations", invalidation._id);
    return null;
  }
  let { after } = job;
  const done = await drain(ctx, candidates(ctx, invalidation, after), {
    alone,
    limit: job.batchSize,
    visited: ({ position }) => (after = position),
    step: async ({ row, listing }, mustFit) => {
      if (row === null) {
        if (listing !== undefined) await ctx.db.delete("tags", listing._id);
        return "deleted";
      }
      if (!kills(invalidation, startOfEntry(row))) return "kept";
      if (!mustFit && !(await hasRoomForParts(ctx, row))) return "later";
      const metadata = listing?.metadataId && (await ctx.db.get("metadata", listing.metadataId));
      await deleteEntry(ctx, row, metadata ?? undefined);
      return "deleted";
    },
  });
  if (!done) return { ...job, after };
  await ctx.db.patch("invalidations", invalidation._id, { state: "swept" });
  return null;
}

/** The next invalidation whose dead are still stored; one whose rehydration was lost is among them. */
async function nextToSweep(ctx: MutationCtx): Promise<Sweep | null> {
  const first = (state: Invalidation["state"]) =>
    ctx.db
      .query("invalidations")
      .withIndex("state", (q) => q.eq("state", state))
      .first();
  const pending = await first("pending");
  if (pending !== null) return { invalidation: pending._id };
  const rehydrating = await first("rehydrating");
  const isLost = rehydrating !== null && rehydrating._creationTime < Date.now() - HOUR;
  return isLost ? { invalidation: rehydrating._id } : null;
}

/** Whether a later removal of the same tag covers all that this one does. */
async function isSuperseded(ctx: MutationCtx, invalidation: Invalidation): Promise<boolean> {
  const newest = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", invalidation.tag).eq("mode", "remove"))
    .order("desc")
    .first();
  return (
    newest !== null &&
    compareCommits(newest.at, invalidation.at) > 0 &&
    newest.state !== "rehydrating" &&
    (newest.before ?? Infinity) >= (invalidation.before ?? Infinity)
  );
}

/** The rows that an invalidation may have made dead, behind the last one visited. */
async function* candidates(
  ctx: MutationCtx,
  invalidation: Invalidation,
  after: Value | undefined,
): AsyncGenerator<Candidate> {
  const reach = reachOf(invalidation.tag);
  const values = ctx.db.query("values");
  if (reach.kind === "name") {
    const rows = values.withIndex("key", (q) =>
      after === undefined ? q.eq("name", reach.name) : q.eq("name", reach.name).gt("args", after),
    );
    for await (const row of rows) yield { _id: row._id, row, position: row.args as Value };
  } else if (reach.kind === "everything") {
    // What was stored well after the invalidation is alive, and need not be read.
    const last = invalidation.before ?? invalidation._creationTime + MINUTE;
    const rows = values.withIndex("by_creation_time", (q) =>
      q.gt("_creationTime", (after as number | undefined) ?? 0).lte("_creationTime", last + 1),
    );
    for await (const row of rows) yield { _id: row._id, row, position: row._creationTime };
  } else {
    const from = (after as bigint | undefined) ?? 0n;
    const listed = ctx.db
      .query("tags")
      .withIndex("tag", (q) =>
        q.eq("tag", invalidation.tag).gte("startedAt", from).lte("startedAt", invalidation.at),
      );
    for await (const listing of listed) {
      const { _id, valueId, startedAt } = listing;
      const row = valueId === undefined ? null : await ctx.db.get("values", valueId);
      yield { _id, row, listing, position: startedAt };
    }
  }
}
