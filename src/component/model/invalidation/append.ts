import type { InvalidationMode } from "../../../shared/protocol.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";

/** How many index ranges are left to the mutation for its own work. */
const SPARE_QUERIES = 1024;

/** An invalidation that is about to be appended. */
type New = Pick<Doc<"invalidations">, "tag" | "before" | "refresh"> & { mode?: InvalidationMode };

/** Appends an invalidation: one write, whatever it covers, that conflicts with no other. */
export function append(
  ctx: MutationCtx,
  { mode = "remove", ...rest }: New,
): Promise<Id<"invalidations">> {
  const state = mode === "expire" ? "expiring" : "pending";
  return ctx.db.insert("invalidations", { ...rest, mode, at: ctx.db.vars.commitTs, state });
}

/**
 * Whether this transaction has appended the same invalidation already, and stored
 * no tagged entry since: an app that writes many documents of a table in one
 * mutation invalidates that table's tag once.
 *
 * Reads only from this transaction's own timestamp on, where nobody else writes.
 */
export async function isInForce(
  ctx: MutationCtx,
  { tag, mode, refresh }: Pick<New, "tag" | "mode" | "refresh">,
): Promise<boolean> {
  // A mutation that has looked so often already appends without looking.
  if (!(await hasRoomFor(ctx, { databaseQueries: SPARE_QUERIES }))) return false;
  const now = ctx.db.vars.commitTs;
  const last = await ctx.db
    .query("invalidations")
    .withIndex("tag", (q) => q.eq("tag", tag).gte("at", now))
    .order("desc")
    .first();
  if (last === null || last.mode !== mode || last.refresh !== refresh) return false;
  const stored = await ctx.db
    .query("tags")
    .withIndex("startedAt", (q) => q.gte("startedAt", now))
    .order("desc")
    .first();
  return stored === null || stored._creationTime < last._creationTime;
}
