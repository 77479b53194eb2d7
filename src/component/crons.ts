import { cronJobs } from "convex/server";
import { v } from "convex/values";
import { api } from "./_generated/api.js";
import { mutation } from "./_generated/server.js";
import { purge as purgeExpired } from "./model/purge.js";

const crons = cronJobs();

/** Deletes entries that have expired by `expiresAt` (ms, default now), in batches until none is left. */
export const purge = mutation({
  args: { expiresAt: v.optional(v.float64()) },
  returns: v.null(),
  handler: async (ctx, { expiresAt }) => {
    await purgeExpired(ctx, { until: expiresAt ?? Date.now() }, { alone: false });
    return null;
  },
});

crons.interval("purge", { hours: 1 }, api.crons.purge, {});

export default crons;
