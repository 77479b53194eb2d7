import { type Infer, v } from "convex/values";
import { OUTCOME_MS } from "../../../shared/leaseTimes.js";
import { MINUTE } from "../../../shared/time.js";
import type { QueryCtx } from "../../_generated/server.js";

/** What ended less than this ago is left alone: live traffic replaces it. */
export const QUIET_MS = 5 * MINUTE;

/** Up to when what has ended may be deleted, in ms. */
export const quietSince = () => Date.now() - QUIET_MS;

/** The purge of fills that nobody waits for any more, and then of failures. */
export const dueOutcomes = () => ({ table: "fills" as const, until: quietSince() - OUTCOME_MS });

/** Which parts of the housekeeping of figures and bounds have something to look at. */
export const trackingDue = v.object({
  deltas: v.boolean(),
  figures: v.boolean(),
  residents: v.boolean(),
  departures: v.boolean(),
  evictions: v.boolean(),
});
export type TrackingDue = Infer<typeof trackingDue>;

/** Looks which parts of the housekeeping of figures and bounds have something to look at. */
export async function listTrackingDue(ctx: QueryCtx): Promise<TrackingDue> {
  const has = async (table: keyof TrackingDue) => (await ctx.db.query(table).first()) !== null;
  return {
    deltas: await has("deltas"),
    figures: await has("figures"),
    residents: await has("residents"),
    departures: await has("departures"),
    evictions: await has("evictions"),
  };
}
