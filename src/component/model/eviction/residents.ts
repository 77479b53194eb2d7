import type { Tracking } from "../../../shared/protocol.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";

/**
 * Eviction begins, on the average, once for this part of a bound that is stored anew:
 * so small that a tenth of it hardly ever goes by without one.
 */
const PART_OF_BOUND = 1 / 160;

/** The bound that stands for larger ones, and for none, so that what is to be counted does not pile up. */
const LARGEST_BOUND = 10_000;

/** What is left of what a transaction may schedule is the app's, once this is all. */
const APPS_PART = { functionsScheduled: 900 };

/** An entry of a cache with bounds, about to be stored. */
type Arrival = Pick<
  Doc<"residents">,
  "name" | "tenant" | "leaseKey" | "size" | "hasFigures" | "dependents" | "expiresAt"
> & { retain: number };

/**
 * Admits an entry to a cache with bounds, in the place of the one that it replaces:
 * a refresh is no reason to be evicted later or sooner. Now and then this sets
 * eviction going; no count is read for that, and none written.
 */
export async function admit(
  ctx: MutationCtx,
  { retain, ...arrival }: Arrival,
  { figures: _, ...bounds }: Tracking,
  replaced: Id<"residents"> | undefined,
): Promise<Id<"residents">> {
  const previous = replaced && (await ctx.db.get("residents", replaced));
  const { name, size } = arrival;
  const { maxEntries = LARGEST_BOUND, maxBytes = Infinity } = bounds;
  const part = previous
    ? Math.max(0, size - previous.size) / maxBytes
    : Math.max(1 / Math.min(maxEntries, LARGEST_BOUND), size / maxBytes);
  if (Math.random() * PART_OF_BOUND < part && (await hasRoomFor(ctx, APPS_PART))) {
    await ctx.scheduler.runAfter(0, internal.eviction.evict, { name, retain, ...bounds });
  }
  const row = { ...arrival, valueId: undefined, ...readNow(bounds.idleTtl, retain) };
  if (!previous) return await insertResident(ctx, row);
  await ctx.db.patch("residents", previous._id, row);
  await changed(ctx, previous, { entries: 0, bytes: size - previous.size });
  return previous._id;
}

/** Inserts the newest resident of a cache. */
export function insertResident(
  ctx: MutationCtx,
  row: Omit<Doc<"residents">, "_id" | "_creationTime" | "insertedAt" | "visited">,
): Promise<Id<"residents">> {
  return ctx.db.insert("residents", {
    ...row,
    insertedAt: ctx.db.vars.commitTs,
    visited: false,
  });
}

/** When an entry was read that is stored now, and until when it is kept unless it is read again. */
export function readNow(idleTtl: number | undefined, retain: number) {
  const readAt = Date.now();
  const keptUntil = idleTtl === undefined ? undefined : readAt + idleTtl + retain;
  return { readAt, idleTtl, keptUntil };
}

/** Takes a resident out with its entry. */
export async function depart(ctx: MutationCtx, id: Id<"residents"> | undefined): Promise<void> {
  const resident = id && (await ctx.db.get("residents", id));
  if (!resident) return;
  await departed(ctx, resident);
  await ctx.db.delete("residents", resident._id);
}

/** Leaves word that a resident is gone. */
export const departed = (ctx: MutationCtx, resident: Doc<"residents">) =>
  changed(ctx, resident, { entries: -1, bytes: -resident.size });

/** Leaves word for eviction, which counts residents as they were when they came. */
async function changed(
  ctx: MutationCtx,
  { name, insertedAt }: Doc<"residents">,
  change: { entries: number; bytes: number },
): Promise<void> {
  // One that came in this very transaction is counted as it is at its end.
  if (typeof insertedAt !== "bigint" || (change.entries === 0 && change.bytes === 0)) return;
  await ctx.db.insert("departures", { name, insertedAt, ...change });
}

/** Marks that an entry was read, unless that is recorded well enough. */
export async function visit(ctx: MutationCtx, resident: string): Promise<void> {
  const id = ctx.db.normalizeId("residents", resident);
  const row = id && (await ctx.db.get("residents", id));
  if (!row) return;
  const now = Date.now();
  if (row.visited && !isReadDue(row, now)) return;
  const idleMs = row.keptUntil === undefined ? undefined : row.keptUntil - row.readAt;
  await ctx.db.patch("residents", row._id, {
    visited: true,
    readAt: now,
    keptUntil: idleMs === undefined ? undefined : now + idleMs,
  });
}

/** Whether half the time has passed after which an entry is idle. */
const isReadDue = ({ idleTtl, readAt }: Doc<"residents">, now: number) =>
  idleTtl !== undefined && now - readAt >= idleTtl / 2;
