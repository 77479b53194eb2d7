import { verdictOn } from "../../../shared/freshness.js";
import type { MutationFetch, MutationFetchResult } from "../../../shared/fillProtocol.js";
import type { MutationCtx } from "../../_generated/server.js";
import { LATER, type Page } from "../budget.js";
import { loadEntry } from "../entry/rows.js";
import { findValid } from "../entry/valid.js";
import { visit } from "../eviction/residents.js";
import type { Validity } from "../invalidation/validity.js";
import { scheduleFill } from "./schedule.js";

/**
 * Fetches in a mutation, which can't run the action: the stored value if it is
 * fresh, or stale within its window; a refresh of one that is not fresh is
 * scheduled in this transaction.
 */
export async function fetchInMutation(
  ctx: MutationCtx,
  validity: Validity,
  { read, ...request }: MutationFetch,
  page: Page | null,
): Promise<MutationFetchResult | typeof LATER> {
  const valid = await findValid(ctx, validity, request);
  if (valid !== null && page !== null && !(await page.hasRoomForParts(valid.row))) return LATER;
  const bounded = valid?.row.resident !== undefined;
  const entry = valid && (await loadEntry(ctx, valid.row, valid.expiredAt, bounded));
  const verdict = entry && verdictOn(entry, read, Date.now(), Math.random());
  const isServed = verdict !== null && verdict.freshness !== "expired";
  if (request.force || !isServed || verdict.refresh) {
    const seen = entry === null || request.force ? undefined : entry.id;
    await scheduleFill(ctx, validity, { ...request, seen, failures: read.errorTtl > 0 });
  }
  if (isServed && entry?.residency) await visit(ctx, entry.residency.id);
  const get = !isServed ? "miss" : verdict.freshness === "fresh" ? "hit" : "stale";
  const fillMs = entry?.fillMs ?? null;
  return { content: isServed ? entry!.content : null, get, fillMs };
}
