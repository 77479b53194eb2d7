import { cronJobs } from "convex/server";
import { v } from "convex/values";
import { api } from "./_generated/api.js";
import { mutation } from "./_generated/server.js";
import { checkNumber } from "./model/checks.js";
import { keepHouse } from "./model/gc/keepHouse.js";

const crons = cronJobs();

/**
 * Deletes entries whose time is over by `expiresAt` (ms; default: five minutes
 * ago), in batches until none is left, and sets the rest of the housekeeping going.
 */
export const purge = mutation({
  args: { expiresAt: v.optional(v.float64()) },
  returns: v.null(),
  handler: async (ctx, { expiresAt }) => {
    checkNumber(undefined, "expiresAt", expiresAt);
    await keepHouse(ctx, expiresAt);
    return null;
  },
});

crons.interval("purge", { hours: 1 }, api.crons.purge, {});

export default crons;
