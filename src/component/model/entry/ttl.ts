import { learnedTtl } from "../../../shared/learnedTtl.js";
import type { StoreOptions } from "../../../shared/protocol.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { expiryFromNow, expiryOf } from "./rows.js";

/** What a value replaces, where that is still valid, and whether it is the same. */
export type Replaced = { row: Doc<"values">; isSame: () => Promise<boolean> };

/**
 * When a value that is stored now ceases to be fresh, in ms; null for never. A ttl
 * that is learned goes by how long the entry before was fresh, which follows from
 * its own times, so nothing is stored to learn from.
 */
export async function freshUntil(
  ctx: QueryCtx,
  ttl: StoreOptions["ttl"],
  replaced: Replaced | null,
  token?: Id<"fills">,
): Promise<number | null> {
  if (ttl === null || typeof ttl === "number") return expiryFromNow(ttl);
  const { jitter } = ttl;
  const previous = replaced && {
    ttl: (await lifeOf(ctx, replaced.row)) / partLeft(jitter, replaced.row.token),
    isSame: await replaced.isSame(),
  };
  return expiryFromNow(learnedTtl(ttl, previous) * partLeft(jitter, token));
}

/** How long an entry was fresh, in ms: as long as it was to be, unless it was expired by hand. */
async function lifeOf(ctx: QueryCtx, row: Doc<"values">): Promise<number> {
  const expiresAt = await expiryOf(ctx, row);
  return expiresAt === null ? Infinity : expiresAt - Math.floor(row._creationTime);
}

/**
 * What jitter leaves of a ttl. Its chance is drawn from the fill's token, so that
 * it can be told again from the entry: a ttl must not shrink by it with every refresh.
 */
function partLeft(jitter: number, token: Id<"fills"> | undefined): number {
  if (token === undefined) return 1;
  let hash = 2166136261;
  for (const character of token) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  }
  // FNV-1a leaves its last characters in the low bits.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return 1 - jitter * (((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32);
}
