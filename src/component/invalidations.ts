import { v } from "convex/values";
import { internalMutation, mutation } from "./_generated/server.js";
import { clear, invalidateTags } from "./model/invalidations.js";
import { sweep, sweepPending } from "./model/sweeping.js";

/** Invalidates the entries that have one of the tags, a tenant's or those of no tenant. */
export const byTags = mutation({
  args: {
    tags: v.array(v.string()),
    tenant: v.optional(v.string()),
    mode: v.union(v.literal("remove"), v.literal("expire")),
    /** Whether to fill them again in the background. */
    refresh: v.boolean(),
  },
  returns: v.null(),
  handler: async (ctx, request) => {
    await invalidateTags(ctx, request);
    return null;
  },
});

/** Clears a tenant: of one name, or of all. With `batchSize`, that many are also deleted at once. */
export const clearTenant = mutation({
  args: {
    tenant: v.string(),
    name: v.optional(v.string()),
    batchSize: v.optional(v.number()),
  },
  returns: v.null(),
  handler: async (ctx, request) => {
    await clear(ctx, request);
    return null;
  },
});

const sweepJob = {
  invalidation: v.id("invalidations"),
  batchSize: v.optional(v.number()),
  after: v.optional(v.any()),
};

/** Deletes what one invalidation made dead, a batch at a time. */
export const sweepOne = internalMutation({
  args: sweepJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await sweep(ctx, job, { alone: true });
    return null;
  },
});

/** Deletes what all invalidations made dead, a batch at a time. */
export const sweepAll = internalMutation({
  args: { job: v.optional(v.object(sweepJob)) },
  returns: v.null(),
  handler: async (ctx, { job }) => {
    await sweepPending(ctx, { job, alone: true });
    return null;
  },
});
