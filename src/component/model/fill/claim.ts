import type { ClaimRequest, ClaimResult } from "../../../shared/fillProtocol.js";
import type { EntryKey } from "../../../shared/protocol.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { LATER, type Page } from "../budget.js";
import { loadEntry, metadataOfId } from "../entry/rows.js";
import { findValid, type ValidRow } from "../entry/valid.js";
import type { Validity } from "../invalidation/validity.js";
import { failureNow } from "./failures.js";
import { findLease, heldBy, isHeld, takeLease } from "./lease.js";

/**
 * Claims the right to fill an entry.
 *
 * `seen` is the entry that the caller looked at and did not want: one that has
 * come since is handed to it instead. `force` asks for the lease whatever is stored,
 * running or remembered. A fill that is only scheduled gives way to whoever needs it now.
 */
export async function claim(
  ctx: MutationCtx,
  validity: Validity,
  request: ClaimRequest,
  page: Page | null,
): Promise<ClaimResult | typeof LATER> {
  const lease = await findLease(ctx, request);
  if (!request.force) {
    const since = await entrySince(ctx, validity, request);
    if (since !== null && page !== null && !(await page.hasRoomForParts(since.row))) return LATER;
    const entry = since && (await loadEntry(ctx, since.row, since.expiredAt));
    if (entry !== null) return { kind: "stored", entry };
    const isRunning = lease?.state === "running";
    if (isRunning && (await isHeld(validity, lease, request, request.lapsed))) return heldBy(lease);
    const error = request.failures ? await failureNow(ctx, validity, request) : null;
    if (error !== null) return { kind: "failed", error };
  }
  const counted = request.figures && { figures: request.name, counts: { misses: 1 } };
  const token = await takeLease(ctx, request, lease, { state: "running", ...counted });
  return { kind: "granted", token };
}

/** The valid entry, if it is another than the one that was seen. */
export async function entrySince(
  ctx: QueryCtx,
  validity: Validity,
  request: EntryKey & { seen?: string },
): Promise<ValidRow | null> {
  const seen = request.seen === undefined ? null : ctx.db.normalizeId("values", request.seen);
  // An entry is deleted together with its metadata: if that still stands, the
  // entry is the one that was seen, and its value need not be read to know it.
  if (seen !== null && (await metadataOfId(ctx, seen)) !== null) return null;
  const valid = await findValid(ctx, validity, request);
  return valid?.row._id === seen ? null : valid;
}
