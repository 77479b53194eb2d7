import { v } from "convex/values";
import { figures, figuresLabels, hitReport } from "../shared/statsProtocol.js";
import { internalMutation, internalQuery, mutation, query } from "./_generated/server.js";
import { visit } from "./model/eviction/residents.js";
import { figuresOf } from "./model/stats/figures.js";
import { foldFigures, forgetOldHours, listRecorded } from "./model/stats/fold.js";
import { Tally } from "./model/stats/record.js";
import { resetFigures } from "./model/stats/reset.js";

/**
 * The figures of a cache, of all its tenants and of none, or of one tenant's part of it;
 * with `since` (ms), from the beginning of that hour on. Reads no clock.
 */
export const get = query({
  args: { ...figuresLabels, since: v.optional(v.number()) },
  returns: figures,
  handler: (ctx, { since, ...labels }) => figuresOf(ctx, labels, since),
});

/** Sets the counters of a cache back, or of one tenant's part of it; what is stored stays as it is. */
export const reset = mutation({
  args: figuresLabels,
  returns: v.null(),
  handler: async (ctx, labels) => {
    await resetFigures(ctx, labels);
    return null;
  },
});

/** Records entries that were served: for figures, and for the bounds of their cache. */
export const report = mutation({
  args: { reports: v.array(hitReport) },
  returns: v.null(),
  handler: async (ctx, { reports }) => {
    const tally = new Tally();
    for (const { counts, resident, ...labels } of reports) {
      if (counts) tally.add(labels, counts);
      if (resident !== undefined) await visit(ctx, resident);
    }
    await tally.record(ctx);
    return null;
  },
});

/** Adds what was recorded to the figures, a batch at a time. */
export const fold = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await foldFigures(ctx);
    return null;
  },
});

/** Lists what was recorded and is not in the figures yet. */
export const recorded = internalQuery({
  args: {},
  returns: v.array(v.id("deltas")),
  handler: (ctx) => listRecorded(ctx),
});

/** Adds hours that are not kept any more to their sum, a batch at a time. */
export const forgetHours = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await forgetOldHours(ctx);
    return null;
  },
});

/** Sets the counters of a cache back, a batch at a time. */
export const resetBatch = internalMutation({
  args: { ...figuresLabels, until: v.number() },
  returns: v.null(),
  handler: async (ctx, request) => {
    await resetFigures(ctx, request);
    return null;
  },
});
