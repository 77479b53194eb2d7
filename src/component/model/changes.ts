import type { MutationCtx } from "../_generated/server.js";
import {
  deleteEntry,
  expiryFromNow,
  expiryOf,
  findRow,
  insertEntry,
  metadataOf,
  type NewEntry,
  type Place,
} from "./entries.js";
import { hasDependents } from "./dependents.js";
import { forgetFailure } from "./rememberedFailures.js";
import { findLease, voidFill } from "./leases.js";
import { Judge, startOfEntry } from "./judge.js";

/** A value that is put, and how it is to be stored. */
type PutTerms = Pick<NewEntry, "value" | "retain" | "tags" | "origin"> & {
  ttl: number | null;
  failures?: boolean;
};

/**
 * Stores a value as of this commit, in place of whatever is stored. A fill that
 * runs began earlier, and will not overwrite it.
 */
export async function putEntry(
  ctx: MutationCtx,
  place: Place,
  { ttl, failures, ...rest }: PutTerms,
): Promise<void> {
  const previous = await findRow(ctx, place);
  if (previous !== null) await deleteEntry(ctx, previous);
  if (failures) await forgetFailure(ctx, place);
  await insertEntry(ctx, {
    name: place.name,
    key: place.key,
    tenant: place.tenant,
    expiresAt: expiryFromNow(ttl),
    ...rest,
    startedAt: ctx.db.vars.commitTs,
  });
}

/** Removes an entry and voids its running fill. Resolves to whether there was a living entry. */
export async function removeEntry(ctx: MutationCtx, place: Place): Promise<boolean> {
  await voidFill(ctx, place);
  await forgetFailure(ctx, place);
  const row = await findRow(ctx, place);
  if (row === null) return false;
  const alive = await new Judge(ctx).isAlive(startOfEntry(row));
  await deleteEntry(ctx, row);
  return alive;
}

/**
 * Makes an entry stale from now, if it is fresh, and what its running fill stores.
 * `retain` is how long it is kept for readers who take stale values, in ms.
 */
export async function expireEntry(ctx: MutationCtx, place: Place, retain: number): Promise<void> {
  const now = Date.now();
  const lease = await findLease(ctx, place);
  if (lease?.state === "running" && lease.expiredAt === undefined) {
    await ctx.db.patch("fills", lease._id, { expiredAt: now });
  }
  const row = await findRow(ctx, place);
  if (row === null) return;
  const expiresAt = await expiryOf(ctx, row);
  if (expiresAt !== null && expiresAt <= now) return;
  const metadata = await metadataOf(ctx, row);
  await ctx.db.patch("values", row._id, { expiresAt: now });
  const keptUntil = now + retain;
  if (metadata !== null) await ctx.db.patch("metadata", metadata._id, { expiresAt: keptUntil });
  else {
    await ctx.db.insert("metadata", {
      valueId: row._id,
      expiresAt: keptUntil,
      hasDependents: hasDependents(row) || undefined,
    });
  }
}
