import type { Value } from "convex/values";
import { expiryUnder } from "../../shared/freshness.js";
import { tooLarge } from "../../shared/errors.js";
import { identifyByArgs } from "../../shared/key.js";
import { storableForm } from "../../shared/storing.js";
import { fromWire } from "../../shared/wire.js";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { Validity } from "./invalidation/validity.js";
import { putEntry } from "./write.js";
import { loadEntry } from "./entry/rows.js";
import { findValid } from "./entry/valid.js";

/** How 0.3.1 addresses an entry. */
type ByArgs = { name: string; args: Value; ttl: number | null };

/** `lib.get` of 0.3.1. It reads the clock, so its result is reused for 17 s at most. */
export async function getByArgs(ctx: QueryCtx, { name, args, ttl }: ByArgs) {
  const entryKey = { name, ...(await identifyByArgs(args)) };
  const valid = await findValid(ctx, new Validity(ctx), entryKey);
  if (valid === null) return { kind: "miss" } as const;
  const { row, expiredAt } = valid;
  const entry = await loadEntry(ctx, row, expiredAt);
  if (entry === null || expiryUnder(entry, ttl) <= Date.now()) {
    return { kind: "miss", expiredEntry: row._id } as const;
  }
  return { kind: "hit", value: fromWire(entry.content) } as const;
}

/** `lib.put` of 0.3.1. */
export async function putByArgs(
  ctx: MutationCtx,
  request: ByArgs & { value: Value; expiredEntry?: Id<"values"> },
): Promise<{ cacheHit: boolean; deletedExpiredEntry: boolean }> {
  const { name, args, value, ttl, expiredEntry } = request;
  const entryKey = { name, ...(await identifyByArgs(args)) };
  const row = (await findValid(ctx, new Validity(ctx), entryKey))?.row ?? null;
  if (row !== null && row._id !== expiredEntry) {
    const expires = row.expiresAt !== undefined || row.metadataId !== undefined;
    if (expires === (ttl !== null && ttl !== Infinity))
      return { cacheHit: true, deletedExpiredEntry: false };
  }
  const content = storableForm(value);
  if (typeof content === "string") throw tooLarge(name);
  await putEntry(ctx, entryKey, { content, ttl, retain: 0 });
  return { cacheHit: false, deletedExpiredEntry: row !== null };
}
