import type { EvictionReason } from "../../../shared/protocol.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { deleteEntry, metadataOfId } from "../entry/rows.js";
import { goneFrom } from "../stats/counts.js";
import { Tally } from "../stats/record.js";
import type { EvictionJob, EvictionPage } from "./survey.js";

/**
 * Evicts entries of a cache that holds more than its bounds, and schedules the next
 * batch: those that are stale or invalid first, then by SIEVE (Zhang et al., "SIEVE is
 * Simpler than LRU", NSDI 2024). A hand goes over the entries from the oldest on,
 * evicts those that were not read since it last came by, and spares the others once.
 */
export async function evict(ctx: MutationCtx, job: EvictionJob): Promise<void> {
  const { name } = job;
  const bounds = await ctx.db
    .query("bounds")
    .withIndex("name", (q) => q.eq("name", name))
    .first();
  const { entries = 0, bytes = 0, countedTo, hand } = bounds ?? {};
  const page: EvictionPage = await ctx.runQuery(
    internal.eviction.survey,
    { job, from: { entries, bytes, countedTo, hand }, now: Date.now() },
    { useStaleSnapshot: true },
  );
  const counts = { entries: entries + page.arrived.entries, bytes: bytes + page.arrived.bytes };
  for (const { id, ...departed } of page.departed) {
    // Another eviction has counted it since it was listed.
    if ((await ctx.db.get("departures", id)) === null) continue;
    await ctx.db.delete("departures", id);
    counts.entries += departed.entries;
    counts.bytes += departed.bytes;
  }
  for (const id of page.spared) {
    if ((await ctx.db.get("residents", id))?.visited) {
      await ctx.db.patch("residents", id, { visited: false });
    }
  }
  for (const { size } of await evictAll(ctx, page.victims, "bounds")) {
    counts.entries -= 1;
    counts.bytes -= size;
  }
  const row = { name, ...counts, countedTo: page.arrived.countedTo, hand: page.hand };
  if (bounds === null) await ctx.db.insert("bounds", row);
  else await ctx.db.replace("bounds", bounds._id, row);
  if (!page.isDone) await ctx.scheduler.runAfter(0, internal.eviction.evict, job);
}

/** Evicts entries by their residents. Resolves to those that were there to be evicted. */
export async function evictAll(
  ctx: MutationCtx,
  ids: Id<"residents">[],
  reason: EvictionReason,
): Promise<Doc<"residents">[]> {
  const evicted: Doc<"residents">[] = [];
  const tally = new Tally();
  for (const id of ids) {
    const resident = await ctx.db.get("residents", id);
    if (resident === null) continue;
    await evictOne(ctx, resident, reason);
    evicted.push(resident);
    if (resident.hasFigures) tally.add(resident, { ...goneFrom(resident), evictions: 1 });
  }
  await tally.record(ctx);
  return evicted;
}

async function evictOne(
  ctx: MutationCtx,
  { _id, valueId, leaseKey, hasDependents }: Doc<"residents">,
  reason: EvictionReason,
): Promise<void> {
  await ctx.db.delete("residents", _id);
  await ctx.db.insert("evictions", { leaseKey, reason });
  if (valueId === undefined) return;
  // An entry that consists of its row alone need not be read to be deleted.
  const row = hasDependents ? await ctx.db.get("values", valueId) : { _id: valueId };
  if (row === null) return;
  const { resident: _, ...rest } = row as Doc<"values">;
  await deleteEntry(ctx, rest, (await metadataOfId(ctx, valueId))?._id);
}
