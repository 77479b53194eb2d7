import type { Tracking } from "../../../shared/protocol.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";

/** Eviction begins, on the average, once for this part of a bound that is stored anew. */
const PART_OF_BOUND = 1 / 80;

/** An entry of a cache with bounds, about to be stored. */
type Arrival = Pick<
  Doc<"residents">,
  "name" | "tenant" | "leaseKey" | "size" | "hasFigures" | "hasDependents" | "expiresAt"
> & { retain: number };

/** Whether a cache has bounds, so that its entries have residents. */
export const isBounded = ({ maxEntries, maxBytes, idleTtl }: Tracking = {}) =>
  maxEntries !== undefined || maxBytes !== undefined || idleTtl !== undefined;

/**
 * Admits an entry to a cache with bounds, in the place of the one that it replaces:
 * a refresh is no reason to be evicted later or sooner. Now and then this sets
 * eviction going; no count is read for that, and none written.
 */
export async function admit(
  ctx: MutationCtx,
  { retain, ...arrival }: Arrival,
  { maxEntries = Infinity, maxBytes = Infinity, idleTtl }: Tracking,
  replaced: Id<"residents"> | undefined,
): Promise<Id<"residents">> {
  const readAt = Date.now();
  const keptUntil = idleTtl === undefined ? undefined : readAt + idleTtl + retain;
  const row = { ...arrival, valueId: undefined, readAt, idleTtl, keptUntil };
  const previous = replaced && (await ctx.db.get("residents", replaced));
  const { name, size } = arrival;
  const part = previous
    ? Math.max(0, size - previous.size) / maxBytes
    : Math.max(1 / maxEntries, size / maxBytes);
  if (part > 0 && Math.random() * PART_OF_BOUND < part) {
    const bounds = {
      ...(maxEntries < Infinity && { maxEntries }),
      ...(maxBytes < Infinity && { maxBytes }),
    };
    await ctx.scheduler.runAfter(0, internal.eviction.evict, { name, ...bounds });
  }
  if (!previous) {
    const insertedAt = ctx.db.vars.commitTs;
    return await ctx.db.insert("residents", { ...row, insertedAt, visited: false });
  }
  await ctx.db.patch("residents", previous._id, row);
  await changed(ctx, previous, { entries: 0, bytes: size - previous.size });
  return previous._id;
}

/** Takes a resident out with its entry. */
export async function depart(ctx: MutationCtx, id: Id<"residents"> | undefined): Promise<void> {
  const resident = id && (await ctx.db.get("residents", id));
  if (!resident) return;
  await changed(ctx, resident, { entries: -1, bytes: -resident.size });
  await ctx.db.delete("residents", resident._id);
}

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
