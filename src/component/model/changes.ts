import type { MutationCtx } from "../_generated/server.js";
import type { Content } from "../validators.js";
import { deleteEntry, findRow, insertEntry, type Place } from "./entries.js";
import { voidFill } from "./fills.js";
import { Judge, startOfEntry } from "./invalidations.js";

/**
 * Stores a value as of this commit, in place of whatever is stored. A fill that
 * runs began earlier, and will not overwrite it.
 */
export async function putEntry(
  ctx: MutationCtx,
  place: Place,
  value: { content: Content; ttl: number | null },
): Promise<void> {
  const previous = await findRow(ctx, place);
  if (previous !== null) await deleteEntry(ctx, previous);
  await insertEntry(ctx, {
    name: place.name,
    key: place.key,
    content: value.content,
    ttl: value.ttl,
    startedAt: ctx.db.vars.commitTs,
  });
}

/** Removes an entry and voids its running fill. Resolves to whether there was a living entry. */
export async function removeEntry(ctx: MutationCtx, place: Place): Promise<boolean> {
  await voidFill(ctx, place);
  const row = await findRow(ctx, place);
  if (row === null) return false;
  const alive = await new Judge(ctx).isAlive(startOfEntry(row));
  await deleteEntry(ctx, row);
  return alive;
}
