import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { sweep as sweepBatch } from "./model/clearing.js";

/** Deletes what an invalidation made dead, a batch at a time. */
export const sweep = internalMutation({
  args: {
    invalidation: v.id("invalidations"),
    batchSize: v.optional(v.number()),
    after: v.optional(v.any()),
  },
  returns: v.null(),
  handler: async (ctx, job) => {
    await sweepBatch(ctx, job, { alone: true });
    return null;
  },
});
