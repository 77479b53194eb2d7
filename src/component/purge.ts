import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { foldInvalidations } from "./model/folding.js";
import { purge, purgeJob } from "./model/purge.js";

/** Deletes what has expired, a batch at a time. */
export const run = internalMutation({
  args: purgeJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await purge(ctx, job, { alone: true });
    return null;
  },
});

/** Drops invalidations that nothing is older than any more, a batch at a time. */
export const fold = internalMutation({
  args: { after: v.optional(v.int64()) },
  returns: v.null(),
  handler: async (ctx, { after }) => {
    await foldInvalidations(ctx, after);
    return null;
  },
});
