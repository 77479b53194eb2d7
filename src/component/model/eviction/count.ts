import { v } from "convex/values";
import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { committed } from "../invalidation/listing.js";

/** The most rows that one batch counts of what came, and of what left. */
const MAX_COUNTED = 512;

/** What came since a cache was last counted, and what left of that which is counted. */
export const changes = {
  arrived: v.object({ entries: v.number(), bytes: v.number(), countedTo: v.int64() }),
  departed: v.array(v.object({ id: v.id("departures"), entries: v.number(), bytes: v.number() })),
};

/** Whether a resident belongs to what is counted up to a commit. */
export const isCounted = (
  { insertedAt }: Pick<Doc<"residents">, "insertedAt">,
  countedTo: bigint,
) => typeof insertedAt === "bigint" && insertedAt <= countedTo;

/**
 * Counts what came and what left since the last count. What came and left in
 * between was never counted, so what left goes first: until all of it is read,
 * nothing that came is counted.
 */
export async function countChanges(ctx: QueryCtx, name: string, countedTo: bigint) {
  const departed = await departedOf(ctx, name, countedTo);
  const none = { entries: 0, bytes: 0, countedTo };
  if (departed.length === MAX_COUNTED) return { departed, arrived: none, isWhole: false };
  const { isWhole, ...arrived } = await arrivedSince(ctx, name, none);
  return { departed, arrived, isWhole };
}

/** What left the cache; one that was not counted when it came is not taken off. */
async function departedOf(ctx: QueryCtx, name: string, countedTo: bigint) {
  const rows = await ctx.db
    .query("departures")
    .withIndex("name", (q) => q.eq("name", name))
    .take(MAX_COUNTED);
  return rows.map(({ _id: id, entries, bytes, ...row }) =>
    isCounted(row, countedTo) ? { id, entries, bytes } : { id, entries: 0, bytes: 0 },
  );
}

type Arrived = { entries: number; bytes: number; countedTo: bigint };

/** What came to the cache. A commit is counted whole, so that its timestamp tells what is counted. */
async function arrivedSince(ctx: QueryCtx, name: string, from: Arrived) {
  const arrived = { ...from };
  const residents = ctx.db
    .query("residents")
    .withIndex("order", (q) => q.eq("name", name).gt("insertedAt", from.countedTo));
  for await (const { insertedAt, size } of committed(residents, "insertedAt")) {
    const isFull = arrived.entries >= MAX_COUNTED && insertedAt !== arrived.countedTo;
    if (isFull) return { ...arrived, isWhole: false };
    arrived.entries += 1;
    arrived.bytes += size;
    arrived.countedTo = insertedAt;
  }
  return { ...arrived, isWhole: true };
}
