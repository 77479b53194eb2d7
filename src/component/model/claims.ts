import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Entry } from "../validators.js";
import { findRow, loadEntry, metadataOfId, type Place } from "./entries.js";
import { type Judge, startOfEntry, startOfFill } from "./invalidations.js";
import { findLease, takeLease } from "./leases.js";

/** What a claim is answered with; times in ms. */
export type Claimed =
  | { kind: "granted"; token: Id<"fills"> }
  | { kind: "held"; token: Id<"fills">; deadline: number; since: number }
  | { kind: "found"; entry: Entry };

/**
 * Claims the right to fill an entry.
 *
 * `seen` is the entry that the caller looked at and found wanting: one that has
 * come since is handed to it instead. `force` asks for the lease whatever is
 * stored or running. A fill that is only scheduled gives way to whoever needs it now.
 */
export async function claim(
  ctx: MutationCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values">; force: boolean },
): Promise<Claimed> {
  const lease = await findLease(ctx, request);
  if (!request.force) {
    const row = await rowSince(ctx, judge, request);
    const entry = row && (await loadEntry(ctx, row));
    if (entry !== null) return { kind: "found", entry };
    if (lease?.state === "running" && (await isHeld(judge, lease, request))) return heldBy(lease);
  }
  return { kind: "granted", token: await takeLease(ctx, request, lease, { state: "running" }) };
}

/** Whether a lease keeps others from filling: not once it has lapsed, or its fill is to store nothing fresh. */
export async function isHeld(judge: Judge, lease: Doc<"fills">, place: Place): Promise<boolean> {
  return (
    lease.deadline > Date.now() &&
    lease.expiredAt === undefined &&
    (await judge.isAlive(startOfFill(lease, place.name)))
  );
}

/** The living row of an entry, if it is another than the one that was seen. */
export async function rowSince(
  ctx: QueryCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values"> },
): Promise<Doc<"values"> | null> {
  const { seen } = request;
  // An entry is deleted together with its metadata: if that still stands, the
  // entry is the one that was seen, and its value need not be read to know it.
  if (seen !== undefined && (await metadataOfId(ctx, seen)) !== null) return null;
  const row = await findRow(ctx, request);
  if (row === null || row._id === seen) return null;
  return (await judge.isAlive(startOfEntry(row))) ? row : null;
}

const heldBy = (lease: Doc<"fills">): Claimed => ({
  kind: "held",
  token: lease._id,
  deadline: lease.deadline,
  since: Math.floor(lease._creationTime),
});
