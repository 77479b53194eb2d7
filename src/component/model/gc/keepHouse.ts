import { internal } from "../../_generated/api.js";
import type { MutationCtx } from "../../_generated/server.js";
import { dueOutcomes, quietSince, type TrackingDue } from "./due.js";
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
  const due: TrackingDue = await ctx.runQuery(
    internal.maintenance.trackingDue,
    {},
    { useStaleSnapshot: true },
  );
  const { scheduler } = ctx;
  if (due.deltas) await scheduler.runAfter(0, internal.stats.fold, {});
  if (due.figures) await scheduler.runAfter(0, internal.stats.forgetHours, {});
  if (due.residents) await scheduler.runAfter(0, internal.eviction.purgeIdle, { until });
  if (due.departures) await scheduler.runAfter(0, internal.eviction.recount, {});
  if (due.evictions) await scheduler.runAfter(0, internal.eviction.forget, {});
}
