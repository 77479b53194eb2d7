import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { compareCommits } from "./commitOrder.js";

/** Whether a later removal of the same tag covers all that this one does. */
export async function isSuperseded(
  ctx: QueryCtx,
  { tag, mode, at, before }: Doc<"invalidations">,
): Promise<boolean> {
  if (mode !== "remove") return false;
  const newest = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "remove"))
    .order("desc")
    .first();
  return (
    newest !== null &&
    compareCommits(newest.at, at) > 0 &&
    (newest.before ?? Infinity) >= (before ?? Infinity)
  );
}
