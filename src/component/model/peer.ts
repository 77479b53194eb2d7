import type { Value } from "convex/values";
import { isStorable, uncarry } from "../../shared/carry.js";
import { expiryUnder } from "../../shared/freshness.js";
import { tooLarge } from "../../shared/errors.js";
import { identifyByArgs } from "../../shared/key.js";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { putEntry } from "./changes.js";
import { loadEntry } from "./entries.js";
import { Judge } from "./judge.js";
import { findLiving } from "./living.js";

/** How 0.3.1 addresses an entry. */
type ByArgs = { name: string; args: Value; ttl: number | null };

/** `lib.get` of 0.3.1. It reads the clock, so its result is reused for 17 s at most. */
export async function getByArgs(ctx: QueryCtx, { name, args, ttl }: ByArgs) {
  const place = { name, ...(await identifyByArgs(args)) };
  const living = await findLiving(ctx, new Judge(ctx), place);
  if (living === null) return { kind: "miss" } as const;
  const { row, expiredAt } = living;
  const entry = await loadEntry(ctx, row, expiredAt);
  if (entry === null || expiryUnder(entry, ttl) <= Date.now()) {
    return { kind: "miss", expiredEntry: row._id } as const;
  }
  return { kind: "hit", value: uncarry(entry.content) } as const;
}

/** `lib.put` of 0.3.1. */
export async function putByArgs(
  ctx: MutationCtx,
  request: ByArgs & { value: Value; expiredEntry?: Id<"values"> },
): Promise<{ cacheHit: boolean; deletedExpiredEntry: boolean }> {
  const { name, args, value, ttl, expiredEntry } = request;
  const place = { name, ...(await identifyByArgs(args)) };
  const row = (await findLiving(ctx, new Judge(ctx), place))?.row ?? null;
  if (row !== null && row._id !== expiredEntry) {
    const expires = row.expiresAt !== undefined || row.metadataId !== undefined;
    if (expires === (ttl !== null && ttl !== Infinity))
      return { cacheHit: true, deletedExpiredEntry: false };
  }
  if (!isStorable(value)) throw tooLarge(name);
  await putEntry(ctx, place, { value, ttl, retain: 0, failures: true });
  return { cacheHit: false, deletedExpiredEntry: row !== null };
}
