import type { EvictionReason } from "../../../shared/protocol.js";
import { isBounded } from "../../../shared/storing.js";
import { DAY } from "../../../shared/time.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { deleteEntry, metadataOfId } from "../entry/rows.js";
import { goneFrom } from "../stats/counts.js";
import { Tally } from "../stats/record.js";
import type { EvictionJob } from "./chosen.js";
import { isCounted } from "./count.js";
import type { EvictionPage } from "./survey.js";

/** A cache that had no bounds for this long may hold entries without residents. */
const UNBOUNDED_MS = 7 * DAY;

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
  const now = Date.now();
  const { entries = 0, bytes = 0, countedTo, hand, boundedAt } = bounds ?? {};
  const page: EvictionPage = await ctx.runQuery(
    internal.eviction.survey,
    { job, from: { entries, bytes, countedTo, hand }, now },
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
  for (const resident of await evictAll(ctx, page.victims, "bounds")) {
    if (!isCounted(resident, page.arrived.countedTo)) continue;
    counts.entries -= 1;
    counts.bytes -= resident.size;
  }
  const row = {
    name,
    ...counts,
    countedTo: page.arrived.countedTo,
    hand: page.hand,
    boundedAt: isBounded(job) ? now : boundedAt,
  };
  if (bounds === null) await ctx.db.insert("bounds", row);
  else if (!isIdle(page)) await ctx.db.replace("bounds", bounds._id, row);
  if (isBounded(job) && now - (boundedAt ?? -Infinity) > UNBOUNDED_MS) {
    const { idleTtl, retain } = job;
    await ctx.scheduler.runAfter(0, internal.eviction.adopt, { name, idleTtl, retain });
  }
  if (!page.isDone) await ctx.scheduler.runAfter(0, internal.eviction.evict, job);
}

/** Whether there was nothing to do, so that evictions of a small cache that follow each other don't conflict. */
const isIdle = ({ arrived, departed, victims, spared }: EvictionPage) =>
  arrived.entries + departed.length + victims.length + spared.length === 0;

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
  { _id, valueId, leaseKey, dependents }: Doc<"residents">,
  reason: EvictionReason,
): Promise<void> {
  await ctx.db.delete("residents", _id);
  await ctx.db.insert("evictions", { leaseKey, reason });
  if (valueId === undefined) return;
  // An entry that consists of its row alone need not be read to be deleted.
  const row = dependents ? await ctx.db.get("values", valueId) : { _id: valueId };
  if (row === null) return;
  const { resident: _, ...rest } = row as Doc<"values">;
  await deleteEntry(ctx, rest, (await metadataOfId(ctx, valueId))?._id);
}
