import type { Value } from "convex/values";
import { MINUTE } from "../../shared/time.js";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { hasRoomForParts } from "./budget.js";
import { drain } from "./drain.js";
import { deleteEntry } from "./entries.js";
import {
  covers,
  EVERYTHING,
  invalidate,
  nameOfTag,
  nameTag,
  startOfEntry,
} from "./invalidations.js";

/**
 * Invalidates the entries of a name, or all, and deletes them behind that: up
 * to `batchSize` of them now, the rest in batches of that size from the
 * scheduler; without one, all in batches that fill a transaction.
 */
export async function clear(
  ctx: MutationCtx,
  request: { name?: string; batchSize?: number; before?: number },
): Promise<void> {
  const tag = request.name === undefined ? EVERYTHING : nameTag(request.name);
  const invalidation = await invalidate(ctx, tag, request.before);
  const { batchSize } = request;
  if (batchSize === undefined) {
    await ctx.scheduler.runAfter(0, internal.clearing.sweep, { invalidation });
  } else {
    const job = { invalidation, batchSize: Math.max(1, Math.floor(batchSize)) };
    await sweep(ctx, job, { alone: false });
  }
}

/**
 * Deletes a batch of what an invalidation made dead, and schedules the next.
 * `alone` tells that nobody else uses the transaction.
 */
export async function sweep(
  ctx: MutationCtx,
  job: { invalidation: Id<"invalidations">; batchSize?: number; after?: Value },
  { alone }: { alone: boolean },
): Promise<void> {
  const invalidation = await ctx.db.get("invalidations", job.invalidation);
  if (invalidation === null) return;
  let { after } = job;
  const done = await drain(ctx, covered(ctx, invalidation, after), {
    limit: job.batchSize,
    visited: (row) => (after = positionOf(row, invalidation)),
    step: async (row, first) => {
      if (!covers(invalidation, startOfEntry(row))) return "kept";
      // Waiting for more room than a whole transaction has would be waiting for ever.
      const fits = (first && alone) || (await hasRoomForParts(ctx, row));
      if (!fits) return "later";
      await deleteEntry(ctx, row);
      return "deleted";
    },
  });
  if (!done) await ctx.scheduler.runAfter(0, internal.clearing.sweep, { ...job, after });
}

/** The rows that an invalidation may cover, behind the last one visited. */
function covered(ctx: MutationCtx, invalidation: Doc<"invalidations">, after: Value | undefined) {
  const name = nameOfTag(invalidation.tag);
  const rows = ctx.db.query("values");
  if (name !== undefined) {
    return rows.withIndex("key", (q) =>
      after === undefined ? q.eq("name", name) : q.eq("name", name).gt("args", after),
    );
  }
  // What was stored well after the invalidation is alive, and need not be read.
  const last = invalidation.before ?? invalidation._creationTime + MINUTE;
  return rows.withIndex("by_creation_time", (q) =>
    q.gt("_creationTime", (after as number | undefined) ?? 0).lte("_creationTime", last + 1),
  );
}

function positionOf(row: Doc<"values">, invalidation: Doc<"invalidations">): Value {
  return nameOfTag(invalidation.tag) === undefined ? row._creationTime : (row.args as Value);
}
