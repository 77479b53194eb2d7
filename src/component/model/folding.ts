import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { compareCommits, type CommitTs } from "./commitOrder.js";
import { drain } from "./drain.js";

type Invalidation = Doc<"invalidations">;

/**
 * Drops a batch of invalidations that nothing is older than any more: no entry,
 * since what they killed is swept, and no fill that runs or is remembered. Of the expiries, those
 * also that are the first for no entry. `after` is the last expiry visited.
 */
export async function foldInvalidations(ctx: MutationCtx, after?: bigint): Promise<void> {
  let last = after;
  const oldest = await oldestFill(ctx);
  const done =
    (await dropSwept(ctx, oldest)) &&
    (await dropExpiries(ctx, oldest, after, ({ at }) => {
      if (typeof at === "bigint") last = at;
    }));
  if (!done) await ctx.scheduler.runAfter(0, internal.purge.fold, { after: last });
}

/** Oldest first, up to the first that a fill is older than. */
async function dropSwept(ctx: MutationCtx, oldest: CommitTs | undefined): Promise<boolean> {
  const swept = ctx.db
    .query("invalidations")
    .withIndex("state", (q) =>
      oldest === undefined ? q.eq("state", "swept") : q.eq("state", "swept").lt("at", oldest),
    );
  return await drain(ctx, swept, {
    visited: () => {},
    step: async (row) => {
      await ctx.db.delete("invalidations", row._id);
      return "deleted";
    },
  });
}

async function dropExpiries(
  ctx: MutationCtx,
  oldest: CommitTs | undefined,
  after: bigint | undefined,
  visited: (row: Invalidation) => void,
): Promise<boolean> {
  const expiries = ctx.db
    .query("invalidations")
    .withIndex("state", (q) => q.eq("state", "expiring").gt("at", after ?? 0n));
  return await drain(ctx, expiries, {
    visited,
    step: async (row) => {
      const needed =
        (oldest !== undefined && compareCommits(oldest, row.at) < 0) ||
        (await isFirstForAnEntry(ctx, row));
      if (needed) return "kept";
      await ctx.db.delete("invalidations", row._id);
      return "deleted";
    },
  });
}

/** When the oldest fill began that an invalidation still concerns: one that runs, or whose failure may be remembered. */
async function oldestFill(ctx: MutationCtx): Promise<CommitTs | undefined> {
  const [running, failed] = await Promise.all(
    (["running", "failed"] as const).map((state) =>
      ctx.db
        .query("fills")
        .withIndex("state", (q) => q.eq("state", state))
        .first(),
    ),
  );
  if (!running || !failed) return (running ?? failed)?.startedAt;
  return compareCommits(running.startedAt, failed.startedAt) < 0
    ? running.startedAt
    : failed.startedAt;
}

/** Whether an expiry is the first for some entry: for one that began since the expiry before it. */
async function isFirstForAnEntry(ctx: MutationCtx, { tag, at }: Invalidation): Promise<boolean> {
  const previous = await ctx.db
    .query("invalidations")
    .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "expire").lt("at", at))
    .order("desc")
    .first();
  const entry = await ctx.db
    .query("tags")
    .withIndex("tag", (q) =>
      q
        .eq("tag", tag)
        .gte("startedAt", previous?.at ?? 0n)
        .lte("startedAt", at),
    )
    .first();
  return entry !== null;
}
