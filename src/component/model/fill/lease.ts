import type { FillStatus, HeldLease } from "../../../shared/fillProtocol.js";
import type { EntryKey } from "../../../shared/protocol.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { findLegacyRow } from "../entry/rows.js";
import { startOfFill, type Validity } from "../invalidation/validity.js";
import { leaseKeyOf } from "../leaseKey.js";
import { givenUpNow, hasLapsed, msLeft, renewedNow, takenNow, type Watched } from "../lease.js";

/** The fill that holds an entry's lease, lapsed or not. */
export async function findLease(ctx: QueryCtx, entryKey: EntryKey): Promise<Doc<"fills"> | null> {
  const leaseKey = await leaseKeyOf(entryKey);
  return await ctx.db
    .query("fills")
    .withIndex("leaseKey", (q) => q.eq("leaseKey", leaseKey))
    .first();
}

/** Whether a lease keeps others from filling: not once it has lapsed, or its fill was invalidated. */
export async function isHeld(
  validity: Validity,
  lease: Doc<"fills">,
  entryKey: EntryKey,
  watched?: Watched,
): Promise<boolean> {
  return !hasLapsed(lease, watched) && (await validity.isValid(startOfFill(lease, entryKey)));
}

/** The fill that runs for an entry, so far as the invalidations tell. Reads no clock. */
export async function findRunning(
  ctx: QueryCtx,
  validity: Validity,
  entryKey: EntryKey,
): Promise<FillStatus | null> {
  const lease = await findLease(ctx, entryKey);
  if (lease?.state !== "running") return null;
  return (await validity.isValid(startOfFill(lease, entryKey))) ? statusOf(lease) : null;
}

/** Gives an entry's lease to a new fill, which those who wait for the old one follow. */
export async function takeLease(
  ctx: MutationCtx,
  entryKey: EntryKey,
  held: Doc<"fills"> | null,
  fill: Pick<Doc<"fills">, "state" | "argsParts" | "argsBytes" | "figures" | "counts">,
): Promise<Id<"fills">> {
  const token = await ctx.db.insert("fills", {
    ...fill,
    name: entryKey.name,
    tenant: entryKey.tenant,
    leaseKey: await leaseKeyOf(entryKey),
    ...takenNow(),
    startedAt: ctx.db.vars.commitTs,
    legacyEntry: (await findLegacyRow(ctx, entryKey))?._id,
  });
  if (held !== null) await endFill(ctx, held, { state: "replaced", successor: token });
  return token;
}

/** Moves the deadline of a lease that is still held. */
export async function renewLease(ctx: MutationCtx, token: string): Promise<boolean> {
  const id = ctx.db.normalizeId("fills", token);
  const fill = id && (await ctx.db.get("fills", id));
  if (fill?.state !== "running") return false;
  await ctx.db.patch("fills", fill._id, renewedNow(fill));
  return true;
}

/**
 * Voids the fill of an entry, running or scheduled: its value will not be stored,
 * nor shared. One that was scheduled or begun in this transaction counts as later.
 */
export async function voidFill(ctx: MutationCtx, entryKey: EntryKey): Promise<void> {
  const lease = await findLease(ctx, entryKey);
  if (lease === null || typeof lease.startedAt !== "bigint") return;
  await endFill(ctx, lease, { state: "voided", ...stillReliedOn(lease) });
}

/** What undoes a fill undoes the refreshes that relied on it too, but for those of this transaction. */
export function stillReliedOn({ reliedOnAt }: Doc<"fills">): Pick<Doc<"fills">, "reliedOnAt"> {
  return { reliedOnAt: typeof reliedOnAt === "bigint" ? undefined : reliedOnAt };
}

/** Gives up a fill's lease, and keeps for those who wait how it ended. */
export async function endFill(
  ctx: MutationCtx,
  fill: Doc<"fills">,
  how: Partial<Doc<"fills">> & Pick<Doc<"fills">, "state">,
): Promise<void> {
  await ctx.db.patch("fills", fill._id, {
    leaseKey: undefined,
    ...givenUpNow(),
    ...how,
  });
}

/** What those who wait for a fill need to know, without the clock. */
export function statusOf(fill: Doc<"fills">): FillStatus {
  const { _id: token, state, deadline, successor, error, expiredAt } = fill;
  return { token, state, deadline, successor, error, expired: expiredAt !== undefined };
}

/** What those who find a fill running need to know to wait for it. */
export function heldBy(lease: Doc<"fills">): HeldLease {
  const { _id: token, deadline } = lease;
  return { kind: "held", token, deadline, leaseMs: msLeft(lease) };
}
