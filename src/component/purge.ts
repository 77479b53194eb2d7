import { internalMutation } from "./_generated/server.js";
import { v } from "convex/values";
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
