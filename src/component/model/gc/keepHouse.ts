import { OUTCOME_MS } from "../../../shared/leaseTimes.js";
import { internal } from "../../_generated/api.js";
import type { MutationCtx } from "../../_generated/server.js";
import { QUIET_MS } from "./batch.js";
import { purgeEntries } from "./purge.js";

/**
 * Purges the first batch of entries that may go at `expiresAt` (ms), and schedules
 * the rest of the housekeeping, each part in transactions of its own.
 */
export async function keepHouse(ctx: MutationCtx, expiresAt: number | undefined): Promise<void> {
  const until = Date.now() - QUIET_MS;
  const outcomes = { table: "fills", until: until - OUTCOME_MS } as const;
  await ctx.scheduler.runAfter(0, internal.maintenance.purgeOutcomes, outcomes);
  await ctx.scheduler.runAfter(0, internal.maintenance.sweep, { until });
  await ctx.scheduler.runAfter(0, internal.maintenance.compact, { state: "swept", until });
  await ctx.scheduler.runAfter(0, internal.refill.resume, {});
  await purgeEntries(ctx, { until: expiresAt ?? until });
}
