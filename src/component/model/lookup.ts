import { MAX_DOCUMENT_BYTES } from "../../shared/limits.js";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import type { Entry, FillStatus } from "../validators.js";
import { findFailure, type RememberedFailure } from "./failures.js";
import { hasRoomForParts } from "./budget.js";
import { findRow, loadEntry, type Place } from "./entries.js";
import { findLease, statusOf } from "./leases.js";
import { Judge, startOfEntry, startOfFill } from "./invalidations.js";

/** A lookup; with a `token`, one by somebody who waits for that fill. */
export type Lookup = Place & { token?: string; failures?: boolean };

/** What a lookup found. While the fill that it waits for runs, the entry is not looked at. */
export type Found = {
  entry: Entry | null;
  fill: FillStatus | null;
  failure: RememberedFailure | null;
};

/** Reading a row of the widest kind: by two keys, with its metadata and invalidations. */
const RANGES_PER_LOOKUP = 8;

/**
 * Looks up entries, judging them by the invalidations and never by the clock,
 * so that the result of a query stands until something that it read changes.
 *
 * Returns as many results as the transaction has room for, in the order of the
 * requests and at least one: the caller asks again for the rest.
 */
export async function lookup(ctx: QueryCtx, requests: Lookup[]): Promise<Found[]> {
  const judge = new Judge(ctx);
  const page: Found[] = [];
  while (page.length < requests.length) {
    const atOnce = await documentsThatFit(ctx);
    if (atOnce === 0 && page.length > 0) break;
    const next = requests.slice(page.length, page.length + Math.max(1, atOnce));
    const rows = await Promise.all(next.map((request) => findLiving(ctx, judge, request)));
    for (const { row, ...rest } of rows) {
      if (page.length > 0 && row !== null && !(await hasRoomForParts(ctx, row))) return page;
      page.push({ entry: row && (await loadEntry(ctx, row)), ...rest });
    }
  }
  return page;
}

/** The row of one entry, if it is not invalidated. */
export async function findLivingRow(
  ctx: QueryCtx,
  judge: Judge,
  place: Place,
): Promise<Doc<"values"> | null> {
  const row = await findRow(ctx, place);
  return row !== null && (await judge.isAlive(startOfEntry(row))) ? row : null;
}

/** An entry together with the lease of its running fill. */
export async function peekEntry(
  ctx: QueryCtx,
  place: Place,
): Promise<{ entry: Entry | null; fillingUntil: number | null }> {
  const judge = new Judge(ctx);
  const row = await findLivingRow(ctx, judge, place);
  const lease = await findLease(ctx, place);
  const filling = lease !== null && (await judge.isAlive(startOfFill(lease, place.name)));
  return {
    entry: row && (await loadEntry(ctx, row)),
    fillingUntil: filling ? lease.deadline : null,
  };
}

async function findLiving(ctx: QueryCtx, judge: Judge, request: Lookup) {
  if (request.token !== undefined) {
    const token = ctx.db.normalizeId("fills", request.token);
    const fill = token && (await ctx.db.get("fills", token));
    const row = fill?.state === "stored" ? await findLivingRow(ctx, judge, request) : null;
    return { row, fill: fill && statusOf(fill), failure: null };
  }
  const row = await findLivingRow(ctx, judge, request);
  const failure = request.failures ? await findFailure(ctx, judge, request) : null;
  return { row, fill: null, failure };
}

async function documentsThatFit(ctx: QueryCtx): Promise<number> {
  const { bytesRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
  return Math.floor(
    Math.min(
      bytesRead.remaining / MAX_DOCUMENT_BYTES,
      databaseQueries.remaining / RANGES_PER_LOOKUP,
    ),
  );
}
