import { v } from "convex/values";
import { internalAction, internalMutation } from "./_generated/server.js";
import { reserved } from "./validators.js";
import { rehydrate, reservePage } from "./model/rehydrating.js";

const position = v.object({ startedAt: v.int64(), listedAt: v.number() });

/** Fills again the entries that invalidations made dead or stale, a few at once. */
export const run = internalAction({
  args: { invalidations: v.array(v.id("invalidations")), after: v.optional(position) },
  returns: v.null(),
  handler: async (ctx, request) => {
    await rehydrate(ctx, request);
    return null;
  },
});

/** Reserves the fills of the next few entries; with none left, hands the invalidation on to housekeeping. */
export const reserve = internalMutation({
  args: { invalidation: v.id("invalidations"), after: v.optional(position) },
  returns: v.object({ fills: v.array(reserved), after: v.union(position, v.null()) }),
  handler: (ctx, { invalidation, after }) => reservePage(ctx, invalidation, after),
});
