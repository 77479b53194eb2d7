import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { findRow, type Place } from "./entries.js";
import { type Judge, startOfEntry } from "./judge.js";

/** An entry that no invalidation killed; `expiredAt` (ms) is when one made it stale. */
export type Living = { row: Doc<"values">; expiredAt: number | null };

/** The row of an entry, unless an invalidation killed it. */
export async function findLiving(
  ctx: QueryCtx,
  judge: Judge,
  place: Place,
): Promise<Living | null> {
  const row = await findRow(ctx, place);
  if (row === null) return null;
  const { alive, expiredAt } = await judge.judge(startOfEntry(row));
  return alive ? { row, expiredAt } : null;
}
