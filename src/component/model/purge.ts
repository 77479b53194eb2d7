import type { Infer } from "convex/values";
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { hasRoomForParts } from "./budget.js";
import { deleteParts } from "./content.js";
import { drain, type Step } from "./drain.js";
import { deleteEntry } from "./entries.js";
import { sweepPending } from "./sweeping.js";

/** A purge under way. */
export const purgeJob = {
  /** Entries that may be deleted from this time on go, in ms. */
  until: v.number(),
  /** The last row visited, in the order in which they are deleted. */
  after: v.optional(v.object({ expiresAt: v.number(), createdAt: v.number() })),
};
type PurgeJob = {
  until: number;
  after?: Infer<NonNullable<typeof purgeJob.after>>;
};

/**
 * Deletes a batch of entries that may go, oldest first, then of fills that
 * nobody waits for, then of what invalidations made dead, and schedules the next
 * batch until none is left. `alone` tells that nobody else uses the transaction.
 */
export async function purge(
  ctx: MutationCtx,
  job: PurgeJob,
  { alone }: { alone: boolean },
): Promise<void> {
  let { after } = job;
  const done =
    (await drain(ctx, expired(ctx, job), {
      alone,
      visited: (row) => (after = positionOf(row)),
      step: (row, mustFit) => purgeEntry(ctx, row, mustFit),
    })) && (await purgeFills(ctx, alone && after === job.after));
  if (done) return await sweepPending(ctx, { alone: false });
  const rest = { until: job.until, after };
  await ctx.scheduler.runAfter(0, internal.purge.run, rest);
}

async function* expired(ctx: MutationCtx, { until, after }: PurgeJob) {
  // Beginning where the last batch ended skips the traces of the rows that it deleted.
  const rows = ctx.db
    .query("metadata")
    .withIndex("expiresAt", (q) =>
      after === undefined
        ? q.lte("expiresAt", until)
        : q.gte("expiresAt", after.expiresAt).lte("expiresAt", until),
    );
  for await (const row of rows) {
    const visited =
      after !== undefined &&
      row.expiresAt === after.expiresAt &&
      row._creationTime <= after.createdAt;
    if (!visited) yield row;
  }
}

const positionOf = (row: Doc<"metadata">) => ({
  expiresAt: row.expiresAt,
  createdAt: row._creationTime,
});

async function purgeEntry(
  ctx: MutationCtx,
  metadata: Doc<"metadata">,
  mustFit: boolean,
): Promise<Step> {
  if (!metadata.hasDependents) {
    await deleteUnread(ctx, metadata.valueId);
    await ctx.db.delete("metadata", metadata._id);
    return "deleted";
  }
  const row = await ctx.db.get("values", metadata.valueId);
  if (row === null) {
    await ctx.db.delete("metadata", metadata._id);
    return "deleted";
  }
  if (!mustFit && !(await hasRoomForParts(ctx, row))) return "later";
  await deleteEntry(ctx, row, metadata);
  return "deleted";
}

/** Deletes an entry that consists of its row alone, whose value need not be read for that. */
async function deleteUnread(ctx: MutationCtx, id: Id<"values">): Promise<void> {
  try {
    await ctx.db.delete("values", id);
  } catch (error) {
    // A row that is gone already is what was wanted.
    if ((await ctx.db.get("values", id)) !== null) throw error;
  }
}

function purgeFills(ctx: MutationCtx, alone: boolean): Promise<boolean> {
  const rows = ctx.db.query("fills").withIndex("purgeAt", (q) => q.lte("purgeAt", Date.now()));
  return drain(ctx, rows, {
    alone,
    visited: () => {},
    step: async (row, mustFit) => {
      const { argsParts: parts, argsBytes: partsBytes } = row;
      if (!mustFit && !(await hasRoomForParts(ctx, { parts, partsBytes }))) return "later";
      await deleteParts(ctx, parts);
      await ctx.db.delete("fills", row._id);
      return "deleted";
    },
  });
}
