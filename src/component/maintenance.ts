/** Housekeeping: each mutation deletes a batch that a query listed for it, and schedules the next. */
import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server.js";
import * as compaction from "./model/gc/compact.js";
import * as purge from "./model/gc/purge.js";
import * as sweeping from "./model/gc/sweep.js";

/** Deletes entries whose time is over, a batch at a time. */
export const purgeEntries = internalMutation({
  args: purge.purgeJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await purge.purgeEntries(ctx, job);
    return null;
  },
});

/** Lists the next entries whose time is over. */
export const expired = internalQuery({
  args: purge.purgeJob,
  returns: purge.expiredPage,
  handler: (ctx, job) => purge.listExpired(ctx, job),
});

/** Deletes fills that nobody waits for, and failures and locks that are over, a batch at a time. */
export const purgeOutcomes = internalMutation({
  args: purge.outcomesJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await purge.purgeOutcomes(ctx, job);
    return null;
  },
});

/** Lists the next fills that nobody waits for, and failures and locks that are over. */
export const outcomes = internalQuery({
  args: purge.outcomesJob,
  returns: purge.outcomesPage,
  handler: (ctx, job) => purge.listOutcomes(ctx, job),
});

/** Deletes what invalidations removed, a batch at a time. */
export const sweep = internalMutation({
  args: sweeping.sweepJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await sweeping.sweep(ctx, job);
    return null;
  },
});

/** Lists what invalidations removed and is still stored. */
export const invalid = internalQuery({
  args: sweeping.sweepJob,
  returns: sweeping.sweepPage,
  handler: (ctx, job) => sweeping.listInvalid(ctx, job),
});

/** Drops invalidations that nothing needs any more, a batch at a time. */
export const compact = internalMutation({
  args: compaction.compactJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await compaction.compact(ctx, job);
    return null;
  },
});

/** Lists the next invalidations that nothing needs any more. */
export const unneeded = internalQuery({
  args: compaction.compactJob,
  returns: compaction.unneededPage,
  handler: (ctx, job) => compaction.listUnneeded(ctx, job),
});
