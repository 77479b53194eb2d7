import { isBounded } from "../shared/storing.js";
import { expiryFor, orNever } from "../shared/freshness.js";
import { readValue } from "./checkValue.js";
import type { QueryContext } from "./contexts.js";
import type { PeekedEntry } from "./entries.js";
import type { FetchCall } from "./fetchCall.js";

/** The entry as it is stored, or null; null also where it is of another shape. Reads no clock, so that a query that calls it stays cached. */
export async function peekEntry<Result>(
  ctx: QueryContext,
  call: FetchCall,
): Promise<PeekedEntry<Result> | null> {
  const { entries } = call.cache.component;
  const { entry, fillingUntil } = await ctx.runQuery(entries.peek, {
    ...(await call.entryKey()),
    residency: isBounded(call.cache.config),
  });
  if (entry === null) return null;
  const read = readValue(call.cache, entry.content);
  if (read.unusable !== null) return null;
  const expiry = expiryFor(entry, call.readOptions);
  const { staleWhileRevalidate } = call.readOptions;
  return {
    value: read.value as Result,
    createdAt: entry.createdAt,
    expiresAt: orNever(expiry),
    staleUntil: orNever(expiry + staleWhileRevalidate),
    fillingUntil,
    readAt: entry.residency?.readAt ?? null,
  };
}
