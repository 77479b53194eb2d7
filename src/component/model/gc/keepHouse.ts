import { internal } from "../../_generated/api.js";
import type { MutationCtx } from "../../_generated/server.js";
import { dueOutcomes, quietSince } from "./due.js";
import { purgeEntries } from "./purge.js";

/**
 * Purges the first batch of entries that may go at `expiresAt` (ms), and schedules
 * the rest of the housekeeping, each part in transactions of its own.
 */
export async function keepHouse(ctx: MutationCtx, expiresAt: number | undefined): Promise<void> {
  const until = quietSince();
  await ctx.scheduler.runAfter(0, internal.maintenance.purgeOutcomes, dueOutcomes());
  await ctx.scheduler.runAfter(0, internal.maintenance.sweep, { until });
  await ctx.scheduler.runAfter(0, internal.maintenance.compact, { state: "swept", until });
  await ctx.scheduler.runAfter(0, internal.refill.resume, {});
  await keepFigures(ctx, until);
  await purgeEntries(ctx, { until: expiresAt ?? until });
}

/** The housekeeping of figures and bounds: scheduled only where there is something to do. */
async function keepFigures(ctx: MutationCtx, until: number): Promise<void> {
  if ((await ctx.db.query("deltas").first()) !== null) {
    await ctx.scheduler.runAfter(0, internal.stats.fold, {});
  }
  if ((await ctx.db.query("figures").first()) !== null) {
    await ctx.scheduler.runAfter(0, internal.stats.forgetHours, {});
  }
  if ((await ctx.db.query("residents").first()) !== null) {
    await ctx.scheduler.runAfter(0, internal.eviction.purgeIdle, { until });
  }
  if ((await ctx.db.query("evictions").first()) !== null) {
    await ctx.scheduler.runAfter(0, internal.eviction.forget, {});
  }
}
