import { MAX_DOCUMENT_BYTES, MAX_TAGS } from "../../shared/limits.js";
import type { QueryCtx } from "../_generated/server.js";
import type { Entry, FillStatus } from "../validators.js";
import { findFailure, type RememberedFailure } from "./rememberedFailures.js";
import { hasRoomForParts } from "./budget.js";
import { loadEntry, type Place } from "./entries.js";
import { findLease, statusOf } from "./leases.js";
import { Judge, startOfFill } from "./judge.js";
import { findLiving, type Living } from "./living.js";

/** A lookup; with a `token`, one by somebody who waits for that fill. */
export type Lookup = Place & { token?: string; failures?: boolean };

/** What a lookup found. While the fill that it waits for runs, the entry is not looked at. */
export type Found = {
  entry: Entry | null;
  fill: FillStatus | null;
  failure: RememberedFailure | null;
};

/** Reading an entry of the widest kind: by two keys, and the invalidations of as many tags as it may have. */
const RANGES_PER_LOOKUP = 8 + 2 * MAX_TAGS;

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
    // The first alone, so that its parts find all the room there is.
    const atOnce = page.length === 0 ? 1 : await documentsThatFit(ctx);
    if (atOnce === 0) break;
    const next = requests.slice(page.length, page.length + atOnce);
    const found = await Promise.all(next.map((request) => find(ctx, judge, request)));
    for (const { living, ...rest } of found) {
      const fits = living === null || (await hasRoomForParts(ctx, living.row));
      if (page.length > 0 && !fits) return page;
      page.push({ entry: await load(ctx, living), ...rest });
    }
  }
  return page;
}

/** An entry together with the lease of its running fill. */
export async function peekEntry(
  ctx: QueryCtx,
  place: Place,
): Promise<{ entry: Entry | null; fillingUntil: number | null }> {
  const judge = new Judge(ctx);
  const living = await findLiving(ctx, judge, place);
  const lease = await findLease(ctx, place);
  const filling = lease !== null && (await judge.isAlive(startOfFill(lease, place)));
  return {
    entry: await load(ctx, living),
    fillingUntil: filling ? lease.deadline : null,
  };
}

async function find(ctx: QueryCtx, judge: Judge, request: Lookup) {
  if (request.token !== undefined) {
    const token = ctx.db.normalizeId("fills", request.token);
    const fill = token && (await ctx.db.get("fills", token));
    const living = fill?.state === "stored" ? await findLiving(ctx, judge, request) : null;
    return { living, fill: fill && statusOf(fill), failure: null };
  }
  const living = await findLiving(ctx, judge, request);
  const failure = request.failures ? await findFailure(ctx, judge, request) : null;
  return { living, fill: null, failure };
}

async function load(ctx: QueryCtx, living: Living | null): Promise<Entry | null> {
  return living && (await loadEntry(ctx, living.row, living.expiredAt));
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
