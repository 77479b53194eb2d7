import { expiryUnder, idleExpiry } from "../shared/freshness.js";
import { fromWire } from "../shared/wire.js";
import type { QueryContext } from "./contexts.js";
import type { PeekedEntry } from "./entries.js";
import type { FetchCall } from "./fetchCall.js";

/** The entry as it is stored, or null. Reads no clock, so that a query that calls it stays cached. */
export async function peekEntry<Result>(
  ctx: QueryContext,
  call: FetchCall,
): Promise<PeekedEntry<Result> | null> {
  const { entries } = call.cache.component;
  const { entry, fillingUntil } = await ctx.runQuery(entries.peek, {
    ...(await call.entryKey()),
    ...(call.isBounded && { residency: true }),
  });
  if (entry === null) return null;
  const { ttl, idleTtl, staleWhileRevalidate } = call.readOptions;
  const expiry = Math.min(expiryUnder(entry, ttl), idleExpiry(entry, idleTtl));
  return {
    value: fromWire(entry.content) as Result,
    createdAt: entry.createdAt,
    expiresAt: orNever(expiry),
    staleUntil: orNever(expiry + staleWhileRevalidate),
    fillingUntil,
    readAt: entry.residency?.readAt ?? null,
  };
}

const orNever = (time: number) => (time === Infinity ? null : time);
