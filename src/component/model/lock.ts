import { MAX_LISTED_LOCKS } from "../../shared/limits.js";
import type {
  AcquireRequest,
  AcquireResult,
  HeldLock,
  LockKey,
  OwnedLock,
} from "../../shared/lockProtocol.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { hasLapsed, msLeft, renewedNow, takenNow } from "./lease.js";

/**
 * The row of a lock, lapsed or not. It is read by equality, so a lock of another key
 * never conflicts, and two owners of one key can't commit side by side.
 */
async function findLock(ctx: QueryCtx, { name, key }: LockKey): Promise<Doc<"locks"> | null> {
  return await ctx.db
    .query("locks")
    .withIndex("key", (q) => q.eq("name", name).eq("key", key))
    .first();
}

/** The row of a lock, lapsed or not, if the token is its owner's. */
async function findOwned(
  ctx: QueryCtx,
  { name, key, token }: OwnedLock,
): Promise<Doc<"locks"> | null> {
  const lock = await findByToken(ctx, token);
  return lock?.name === name && lock.key === key ? lock : null;
}

async function findByToken(ctx: QueryCtx, token: string): Promise<Doc<"locks"> | null> {
  const id = ctx.db.normalizeId("locks", token);
  return id && (await ctx.db.get("locks", id));
}

/** Takes a lock that is free or has lapsed. */
export async function acquireLock(
  ctx: MutationCtx,
  { name, key, ttl, watched }: AcquireRequest,
): Promise<AcquireResult> {
  const held = await findLock(ctx, { name, key });
  if (held !== null) {
    if (!hasLapsed(held, watched)) {
      const { _id: token, deadline } = held;
      return { kind: "held", token, deadline, ttl: held.ttl, leaseMs: msLeft(held, held.ttl) };
    }
    await ctx.db.delete("locks", held._id);
  }
  const token = await ctx.db.insert("locks", { name, key, ttl, ...takenNow(ttl) });
  return { kind: "acquired", token };
}

/** Renews a lock that its owner still has; one that has lapsed too, as long as nobody took it over. */
export async function renewLock(ctx: MutationCtx, token: string): Promise<boolean> {
  const lock = await findByToken(ctx, token);
  if (lock === null) return false;
  await ctx.db.patch("locks", lock._id, renewedNow(lock, lock.ttl));
  return true;
}

/** Frees a lock, if the token is its owner's. Resolves to whether it was held until now. */
export async function releaseLock(ctx: MutationCtx, owned: OwnedLock): Promise<boolean> {
  const lock = await findOwned(ctx, owned);
  if (lock === null) return false;
  await ctx.db.delete("locks", lock._id);
  return !hasLapsed(lock);
}

/** Whether a lock is held by the owner of the token. */
export async function isHeldBy(ctx: QueryCtx, owned: OwnedLock): Promise<boolean> {
  const lock = await findOwned(ctx, owned);
  return lock !== null && !hasLapsed(lock);
}

/** When a lock lapses unless its owner renews it; null once another may have it. Reads no clock. */
export async function deadlineOf(ctx: QueryCtx, token: string): Promise<number | null> {
  return (await findByToken(ctx, token))?.deadline ?? null;
}

/** A lock as it is stored, lapsed or not. Reads no clock. */
export async function checkLock(ctx: QueryCtx, lockKey: LockKey): Promise<HeldLock | null> {
  const lock = await findLock(ctx, lockKey);
  return lock && statusOf(lock);
}

/** The locks of a name as they are stored, lapsed or not, in the order of their keys. Reads no clock. */
export async function listLocks(
  ctx: QueryCtx,
  { name, after }: { name: string; after?: string },
): Promise<HeldLock[]> {
  const locks = await ctx.db
    .query("locks")
    .withIndex("key", (q) =>
      // Every key comes after the empty one, which none is.
      q.eq("name", name).gt("key", after ?? ""),
    )
    .take(MAX_LISTED_LOCKS);
  return locks.map(statusOf);
}

const statusOf = ({ key, _creationTime: acquiredAt, deadline: expiresAt }: Doc<"locks">) => ({
  key,
  acquiredAt,
  expiresAt,
});
