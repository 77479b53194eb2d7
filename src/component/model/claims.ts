import type { CarriedError } from "../../shared/failures.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Entry } from "../validators.js";
import { loadEntry, metadataOfId, type Place } from "./entries.js";
import { failsNow } from "./rememberedFailures.js";
import { type Judge, startOfFill } from "./judge.js";
import { findLiving, type Living } from "./living.js";
import { findLease, takeLease } from "./leases.js";

/** What a claim is answered with; times in ms. */
export type Claimed =
  | { kind: "granted"; token: Id<"fills"> }
  | { kind: "held"; token: Id<"fills">; deadline: number; since: number }
  | { kind: "found"; entry: Entry }
  | { kind: "failed"; error: CarriedError };

/**
 * Claims the right to fill an entry.
 *
 * `seen` is the entry that the caller looked at and found wanting: one that has
 * come since is handed to it instead. `force` asks for the lease whatever is
 * stored or running, or failed. A fill that is only scheduled gives way to whoever needs it now.
 */
export async function claim(
  ctx: MutationCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values">; failures?: boolean; force: boolean },
): Promise<Claimed> {
  const lease = await findLease(ctx, request);
  if (!request.force) {
    const since = await entrySince(ctx, judge, request);
    const entry = since && (await loadEntry(ctx, since.row, since.expiredAt));
    if (entry !== null) return { kind: "found", entry };
    if (lease?.state === "running" && (await isHeld(judge, lease, request))) return heldBy(lease);
    const error = request.failures ? await failsNow(ctx, judge, request) : null;
    if (error !== null) return { kind: "failed", error };
  }
  return { kind: "granted", token: await takeLease(ctx, request, lease, { state: "running" }) };
}

/** Whether a lease keeps others from filling: not once it has lapsed, or its fill is to store nothing fresh. */
export async function isHeld(judge: Judge, lease: Doc<"fills">, place: Place): Promise<boolean> {
  return (
    lease.deadline > Date.now() &&
    lease.expiredAt === undefined &&
    (await judge.isAlive(startOfFill(lease, place)))
  );
}

/** The living entry, if it is another than the one that was seen. */
export async function entrySince(
  ctx: QueryCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values"> },
): Promise<Living | null> {
  const { seen } = request;
  // An entry is deleted together with its metadata: if that still stands, the
  // entry is the one that was seen, and its value need not be read to know it.
  if (seen !== undefined && (await metadataOfId(ctx, seen)) !== null) return null;
  const living = await findLiving(ctx, judge, request);
  return living?.row._id === seen ? null : living;
}

const heldBy = (lease: Doc<"fills">): Claimed => ({
  kind: "held",
  token: lease._id,
  deadline: lease.deadline,
  since: Math.floor(lease._creationTime),
});
