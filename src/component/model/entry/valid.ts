import type { EntryKey } from "../../../shared/protocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { startOfEntry, type Validity } from "../invalidation/validity.js";
import { findRow } from "./rows.js";

/** An entry that no invalidation removed; `expiredAt` (ms) is when one made it stale. */
export type ValidRow = { row: Doc<"values">; expiredAt: number | null };

/** The row of an entry, unless an invalidation removed it. */
export async function findValid(
  ctx: QueryCtx,
  validity: Validity,
  entryKey: EntryKey,
): Promise<ValidRow | null> {
  const row = await findRow(ctx, entryKey);
  if (row === null) return null;
  const { valid, expiredAt } = await validity.of(startOfEntry(row));
  return valid ? { row, expiredAt } : null;
}
