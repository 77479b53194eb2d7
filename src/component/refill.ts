import { v } from "convex/values";
import { reservedFill } from "../shared/fillProtocol.js";
import { entryKey } from "../shared/protocol.js";
import { internalAction, internalMutation, mutation } from "./_generated/server.js";
import { refillEntry } from "./model/refill/recipe.js";
import { reserveNext, resumeRefills, runRefill } from "./model/refill/refill.js";

/** Fills again the entries that invalidations cover, a few at once. */
export const run = internalAction({
  args: { refill: v.id("refills") },
  returns: v.null(),
  handler: async (ctx, { refill }) => {
    await runRefill(ctx, refill);
    return null;
  },
});

/** Reserves up to so many fills of the next entries. */
export const reserve = internalMutation({
  args: { refill: v.id("refills"), count: v.number() },
  returns: v.object({ fills: v.array(reservedFill), isDone: v.boolean() }),
  handler: (ctx, { refill, count }) => reserveNext(ctx, refill, count),
});

/** Resumes refills whose actions were lost. */
export const resume = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await resumeRefills(ctx);
    return null;
  },
});

/** Schedules a fill of a tagged entry, by what is kept to fill it again. Resolves to whether there is that. */
export const entry = mutation({
  args: entryKey,
  returns: v.boolean(),
  handler: (ctx, key) => refillEntry(ctx, key),
});
