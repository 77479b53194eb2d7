import { digest } from "../../shared/key.js";
import { LEASE_MS, OUTCOME_MS } from "../../shared/leaseTimes.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { FillStatus } from "../validators.js";
import { unpackError } from "./storedErrors.js";
import { findLegacyRow, type Place } from "./entries.js";

/** Names an entry while it is filled: short and of one size, so that a lease is a small row. */
export const slotOf = (place: Place) => digest([place.name, place.key]);

/** The fill that holds an entry's lease, lapsed or not. */
export async function findLease(ctx: QueryCtx, place: Place): Promise<Doc<"fills"> | null> {
  const slot = await slotOf(place);
  return await ctx.db
    .query("fills")
    .withIndex("slot", (q) => q.eq("slot", slot))
    .first();
}

/** Gives an entry's lease to a new fill, which those who wait for the old one follow. */
export async function takeLease(
  ctx: MutationCtx,
  place: Place,
  held: Doc<"fills"> | null,
  fill: Pick<Doc<"fills">, "state" | "argsParts" | "argsBytes">,
): Promise<Id<"fills">> {
  const now = Date.now();
  const token = await ctx.db.insert("fills", {
    ...fill,
    name: fill.state === "scheduled" ? place.name : undefined,
    tenant: place.tenant,
    slot: await slotOf(place),
    startedAt: ctx.db.vars.commitTs,
    deadline: now + LEASE_MS,
    legacyEntry: (await findLegacyRow(ctx, place))?._id,
    purgeAt: now + LEASE_MS + OUTCOME_MS,
  });
  if (held !== null) await endFill(ctx, held, { state: "replaced", successor: token });
  return token;
}

/** Moves the deadline of a lease that is still held. */
export async function extendLease(ctx: MutationCtx, token: Id<"fills">): Promise<boolean> {
  const fill = await ctx.db.get("fills", token);
  if (fill?.state !== "running") return false;
  await holdLease(ctx, fill);
  return true;
}

/** Moves a lease's deadline to a lease's time from now. */
export async function holdLease(ctx: MutationCtx, fill: Doc<"fills">): Promise<void> {
  const deadline = Date.now() + LEASE_MS;
  await ctx.db.patch("fills", fill._id, { deadline, purgeAt: deadline + OUTCOME_MS });
}

/** Voids the fill of an entry, running or scheduled: its value will not be stored, nor shared. */
export async function voidFill(ctx: MutationCtx, place: Place): Promise<void> {
  const lease = await findLease(ctx, place);
  if (lease !== null) await endFill(ctx, lease, { state: "voided" });
}

/** Gives up a fill's lease, and keeps for those who wait how it ended. */
export async function endFill(
  ctx: MutationCtx,
  fill: Doc<"fills">,
  how: Partial<Doc<"fills">> & Pick<Doc<"fills">, "state">,
): Promise<void> {
  await ctx.db.patch("fills", fill._id, {
    slot: undefined,
    purgeAt: Date.now() + OUTCOME_MS,
    ...how,
  });
}

/** What those who wait for a fill need to know, without the clock. */
export function statusOf(fill: Doc<"fills">): FillStatus {
  const { state, deadline, successor, error } = fill;
  return { state, deadline, successor, error: error && unpackError(error) };
}
