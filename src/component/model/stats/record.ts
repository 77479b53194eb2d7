import type { Counts } from "../../../shared/statsProtocol.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { dueOutcomes } from "../gc/due.js";
import { type Labels, storedOf, sum } from "./counts.js";

/** One record in so many sets off their addition, so that few wait for it and no counter tells how many. */
const RECORDS_PER_FOLD = 64;
const isFoldDue = () => Math.random() * RECORDS_PER_FOLD < 1;

/** Records what is to be added to the figures, in a row of its own: no two records write the same document. */
export async function record(
  ctx: MutationCtx,
  { name, tenant }: Labels,
  counts: Counts | undefined,
): Promise<void> {
  if (counts === undefined || Object.values(counts).every((count) => count === 0)) return;
  await ctx.db.insert("deltas", { name, tenant, counts });
  if (isFoldDue()) await ctx.scheduler.runAfter(0, internal.stats.fold, {});
}

/** Collects what a transaction is to record, so that it is one row for each cache and tenant. */
export class Tally {
  readonly #counts = new Map<string, { labels: Labels; counts: Counts }>();

  add({ name, tenant }: Labels, counts: Counts): void {
    const id = JSON.stringify([name, tenant]);
    const before = this.#counts.get(id)?.counts;
    this.#counts.set(id, { labels: { name, tenant }, counts: sum(before, counts) });
  }

  async record(ctx: MutationCtx): Promise<void> {
    for (const { labels, counts } of this.#counts.values()) await record(ctx, labels, counts);
  }
}

/**
 * What a fill's row records when it ends: the row stands for a minute and more, so
 * that counting there writes no document. Where it has no figures,
 * what it replaced may still have them.
 */
export async function recordOnFill(
  ctx: MutationCtx,
  fill: Doc<"fills">,
  labels: Labels,
  counts: Counts,
): Promise<Pick<Doc<"fills">, "counts">> {
  if (fill.figures === undefined) {
    await record(ctx, labels, storedOf(counts));
    return {};
  }
  if (isFoldDue()) {
    await ctx.scheduler.runAfter(0, internal.maintenance.purgeOutcomes, dueOutcomes());
  }
  return { counts: sum(fill.counts, counts) };
}

/** What was recorded of a cache, or of one tenant, in rows of its own, and is not added up yet. */
export function recordedApart(ctx: QueryCtx, { name, tenant }: Labels) {
  return ctx.db
    .query("deltas")
    .withIndex("figures", (q) =>
      tenant === undefined ? q.eq("name", name) : q.eq("name", name).eq("tenant", tenant),
    );
}

/** What was recorded of a cache, or of one tenant, on rows of fills, and is not added up yet. */
export function recordedOnFills(ctx: QueryCtx, { name, tenant }: Labels) {
  return ctx.db
    .query("fills")
    .withIndex("figures", (q) =>
      tenant === undefined ? q.eq("figures", name) : q.eq("figures", name).eq("tenant", tenant),
    );
}
