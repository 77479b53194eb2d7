import { MAX_DOCUMENT_BYTES, MAX_TAGS } from "../../shared/limits.js";
import type { Lookup, LookupResult } from "../../shared/fillProtocol.js";
import type { Entry, EntryKey } from "../../shared/protocol.js";
import type { QueryCtx } from "../_generated/server.js";
import { Page } from "./budget.js";
import { findFailure } from "./fill/failures.js";
import { findLease, findRunning, statusOf } from "./fill/lease.js";
import { startOfFill, Validity } from "./invalidation/validity.js";
import { loadEntry } from "./entry/rows.js";
import { findValid, type ValidRow } from "./entry/valid.js";

/** Reading an entry of the widest kind: by two keys, and the invalidations of as many tags as it may have. */
const RANGES_PER_LOOKUP = 16 + 6 * MAX_TAGS;

/**
 * Looks up entries that are valid by the invalidations, whatever the clock says,
 * so that the result of a query stands until something that it read changes.
 *
 * Returns as many results as the transaction and a page have room for, in the
 * order of the requests and at least one: the caller asks again for the rest.
 */
export async function lookUp(ctx: QueryCtx, requests: Lookup[]): Promise<LookupResult[]> {
  const validity = new Validity(ctx);
  const page = await Page.begin(ctx);
  const answers: LookupResult[] = [];
  while (answers.length < requests.length) {
    // The first alone, so that its parts find all the room there is.
    const atOnce = answers.length === 0 ? 1 : await documentsThatFit(ctx, page);
    if (atOnce === 0) break;
    const next = requests.slice(answers.length, answers.length + atOnce);
    const results = await Promise.all(next.map((request) => find(ctx, validity, request)));
    for (const [index, { valid, ...rest }] of results.entries()) {
      const fits = valid === null || (await page.hasRoomForParts(valid.row));
      if (answers.length > 0 && !fits) return answers;
      const { residency } = next[index]!;
      answers.push({ entry: await load(ctx, valid, residency), ...rest });
    }
  }
  return answers;
}

/** An entry, and until when (ms) the lease of a fill holds that is scheduled or runs. */
export async function peekEntry(
  ctx: QueryCtx,
  { residency, ...entryKey }: EntryKey & { residency?: boolean },
): Promise<{ entry: Entry | null; fillingUntil: number | null }> {
  const validity = new Validity(ctx);
  const valid = await findValid(ctx, validity, entryKey);
  const lease = await findLease(ctx, entryKey);
  const isFilling = lease !== null && (await validity.isValid(startOfFill(lease, entryKey)));
  return {
    entry: await load(ctx, valid, residency),
    fillingUntil: isFilling ? lease.deadline : null,
  };
}

async function find(ctx: QueryCtx, validity: Validity, request: Lookup) {
  if (request.token !== undefined) {
    const token = ctx.db.normalizeId("fills", request.token);
    const fill = token && (await ctx.db.get("fills", token));
    const valid = fill?.state === "stored" ? await findValid(ctx, validity, request) : null;
    return { valid, fill: fill && statusOf(fill), failure: null };
  }
  const valid = await findValid(ctx, validity, request);
  const failure = request.failures ? await findFailure(ctx, validity, request) : null;
  const fill = valid === null ? await findRunning(ctx, validity, request) : null;
  return { valid, fill, failure };
}

async function load(ctx: QueryCtx, valid: ValidRow | null, residency?: boolean) {
  return valid && (await loadEntry(ctx, valid.row, valid.expiredAt, residency));
}

async function documentsThatFit(ctx: QueryCtx, page: Page): Promise<number> {
  const { databaseQueries } = await ctx.meta.getTransactionMetrics();
  const byBytes = (await page.bytesLeft()) / MAX_DOCUMENT_BYTES;
  const byQueries = databaseQueries.remaining / RANGES_PER_LOOKUP;
  return Math.max(0, Math.floor(Math.min(byBytes, byQueries)));
}
