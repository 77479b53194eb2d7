import type { EntryKey, StoreOptions } from "../../shared/protocol.js";
import { DAY } from "../../shared/time.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { forgetFailure } from "./fill/failures.js";
import { findLease, stillReliedOn, voidFill } from "./fill/lease.js";
import { startOfEntry, Validity } from "./invalidation/validity.js";
import { hasDependents } from "./entry/dependents.js";
import {
  discardEntry,
  expiryFromNow,
  expiryOf,
  findRow,
  metadataOf,
  replaceEntry,
} from "./entry/rows.js";
import { sum } from "./stats/counts.js";
import { record } from "./stats/record.js";

/** Stores a value as of this commit, in place of whatever is stored. */
export async function putEntry(
  ctx: MutationCtx,
  entryKey: EntryKey,
  { ttl, ...options }: StoreOptions,
): Promise<void> {
  // A fill that runs began earlier. It must not store its older value, even when
  // this one is deleted before it ends.
  const lease = await findLease(ctx, entryKey);
  if (lease?.state === "running") {
    await ctx.db.patch("fills", lease._id, { isOutdated: true, ...stillReliedOn(lease) });
  }
  await forgetFailure(ctx, entryKey);
  const previous = await findRow(ctx, entryKey);
  const { name, key, tenant } = entryKey;
  const stored = await replaceEntry(ctx, previous, {
    name,
    key,
    tenant,
    ...options,
    expiresAt: expiryFromNow(ttl),
    startedAt: ctx.db.vars.commitTs,
  });
  await record(ctx, entryKey, options.tracking?.figures ? sum(stored, { puts: 1 }) : stored);
}

/** Removes an entry and voids its running fill. Resolves to whether there was a valid entry. */
export async function removeEntry(ctx: MutationCtx, entryKey: EntryKey): Promise<boolean> {
  await voidFill(ctx, entryKey);
  await forgetFailure(ctx, entryKey);
  const row = await findRow(ctx, entryKey);
  if (row === null) return false;
  const wasValid = await new Validity(ctx).isValid(startOfEntry(row));
  await record(ctx, entryKey, await discardEntry(ctx, row));
  return wasValid;
}

/**
 * Makes an entry stale from now, if it is fresh, and what its running fill stores.
 * `retain` is how long it is kept for readers who take stale values, in ms; by
 * default, as long as it would have been kept after its own expiry.
 */
export async function expireEntry(
  ctx: MutationCtx,
  entryKey: EntryKey,
  retain: number | undefined,
): Promise<void> {
  const now = Date.now();
  const lease = await findLease(ctx, entryKey);
  if (lease?.state === "running" && lease.expiredAt === undefined) {
    await ctx.db.patch("fills", lease._id, { expiredAt: now, ...stillReliedOn(lease) });
  }
  const row = await findRow(ctx, entryKey);
  if (row === null) return;
  const expiresAt = await expiryOf(ctx, row);
  if (expiresAt !== null && expiresAt <= now) return;
  const metadata = await metadataOf(ctx, row);
  await ctx.db.patch("values", row._id, { expiresAt: now });
  if (row.resident) await ctx.db.patch("residents", row.resident, { expiresAt: now });
  const keptUntil = now + (retain ?? retainedBy(metadata, expiresAt));
  if (metadata !== null) await ctx.db.patch("metadata", metadata._id, { expiresAt: keptUntil });
  else {
    await ctx.db.insert("metadata", {
      valueId: row._id,
      expiresAt: keptUntil,
      hasDependents: hasDependents(row) || undefined,
    });
  }
}

/** For an entry that never expired, nothing stored tells how long its cache serves it stale. */
const RETAINED_MS = DAY;

/** How long an entry is kept after its expiry, as far as that is stored, in ms. */
function retainedBy(metadata: Doc<"metadata"> | null, expiresAt: number | null): number {
  if (metadata === null || expiresAt === null) return RETAINED_MS;
  return metadata.expiresAt - expiresAt;
}
