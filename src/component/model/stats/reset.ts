import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";
import { eventsOf, hourOf, type Labels, storedOf } from "./counts.js";
import { Addition } from "./fold.js";
import { recordedApart, recordedOnFills } from "./record.js";

const ONE_RESET = {
  bytesRead: 16 * 1024,
  documentsRead: 8,
  documentsWritten: 8,
  databaseQueries: 8,
};

/**
 * Sets the counters of a cache back, and of all its tenants; with a tenant, of that
 * one only. What is stored is not touched. As much is set back as fits into this
 * transaction, the rest behind it, of what happened up to now; `until` is that time, in ms.
 */
export async function resetFigures(
  ctx: MutationCtx,
  { name, tenant, until = Infinity }: Labels & { until?: number },
): Promise<void> {
  const isFull = async () => !(await hasRoomFor(ctx, ONE_RESET));
  const later = { name, tenant, until: Math.min(until, Date.now()) };
  const goOn = () => ctx.scheduler.runAfter(0, internal.stats.resetBatch, later);
  const figures = ctx.db
    .query("figures")
    .withIndex("figures", (q) =>
      tenant === undefined ? q.eq("name", name) : q.eq("name", name).eq("tenant", tenant),
    );
  for await (const { _id, hour, counts } of figures) {
    if (hour > until || Object.keys(eventsOf(counts)).length === 0) continue;
    if (await isFull()) return void (await goOn());
    await ctx.db.patch("figures", _id, { counts: storedOf(counts) });
  }
  // What a tenant's reset takes from the rows goes into the figures of the whole cache.
  const whole = new Addition(ctx);
  const isDue = ({ _creationTime, counts }: Doc<"deltas"> | Doc<"fills">) =>
    _creationTime <= until && counts !== undefined && Object.keys(eventsOf(counts)).length > 0;
  const resetOf = ({ _creationTime, counts = {} }: Doc<"deltas"> | Doc<"fills">) => {
    if (tenant !== undefined) whole.add({ name }, hourOf(_creationTime), eventsOf(counts));
    return { counts: storedOf(counts) };
  };
  for await (const row of recordedApart(ctx, { name, tenant })) {
    if (!isDue(row)) continue;
    if (await isFull()) return void (await Promise.all([whole.write(), goOn()]));
    await ctx.db.patch("deltas", row._id, resetOf(row));
  }
  for await (const row of recordedOnFills(ctx, { name, tenant })) {
    if (!isDue(row)) continue;
    if (await isFull()) return void (await Promise.all([whole.write(), goOn()]));
    await ctx.db.patch("fills", row._id, resetOf(row));
  }
  await whole.write();
}
