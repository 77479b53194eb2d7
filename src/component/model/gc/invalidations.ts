import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { committed } from "../invalidation/listing.js";
import { type CommitPosition, rowsFrom } from "../scan.js";

/** An invalidation that has been committed. */
export type Committed = Doc<"invalidations"> & { at: bigint };

/** The invalidations in a state of housekeeping, in the order of their commits, behind the last one visited. */
export function inState(
  ctx: QueryCtx,
  state: Committed["state"],
  after: CommitPosition | undefined,
) {
  const invalidations = () => ctx.db.query("invalidations");
  return rowsFrom<Committed, bigint>(
    {
      keyOf: ({ at }) => at,
      all: () =>
        committed(
          invalidations().withIndex("state", (q) => q.eq("state", state)),
          "at",
        ),
      at: (at, time) =>
        committed(
          invalidations().withIndex("state", (q) =>
            q.eq("state", state).eq("at", at).gte("_creationTime", time),
          ),
          "at",
        ),
      behind: (at) =>
        committed(
          invalidations().withIndex("state", (q) => q.eq("state", state).gt("at", at)),
          "at",
        ),
    },
    after,
  );
}

/** Deletes invalidations that were listed, so far as they still stand. */
export async function dropAll(ctx: MutationCtx, ids: Id<"invalidations">[]): Promise<void> {
  for (const id of ids) {
    if ((await ctx.db.get("invalidations", id)) !== null) await ctx.db.delete("invalidations", id);
  }
}
