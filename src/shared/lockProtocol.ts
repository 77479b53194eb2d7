/** The messages by which locks are acquired, kept, released and looked at; times as in `protocol.ts`. */
import { type Infer, type ObjectType, v } from "convex/values";

/** Names a lock: the app's name for a kind of locks, and a key within it. */
export const lockKey = { name: v.string(), key: v.string() };
export type LockKey = ObjectType<typeof lockKey>;

/** Names a lock, and who owns it. */
export const ownedLock = { ...lockKey, token: v.string() };
export type OwnedLock = ObjectType<typeof ownedLock>;

/** A request for a lock that nobody holds. */
export const acquireRequest = {
  ...lockKey,
  /** How long it holds without a heartbeat. */
  ttl: v.number(),
  /** An owner whom the caller has watched for a whole ttl without a heartbeat. */
  watched: v.optional(v.object({ token: v.string(), deadline: v.number() })),
};
export type AcquireRequest = ObjectType<typeof acquireRequest>;

/** The answer: the caller's own token, or what to know to wait for another's. */
export const acquireResult = v.union(
  v.object({ kind: v.literal("acquired"), token: v.string() }),
  v.object({
    kind: v.literal("held"),
    /** Names the owner to those who wait. The client hands it to nobody. */
    token: v.string(),
    deadline: v.number(),
    ttl: v.number(),
    /** How long the lock still holds, by the clock that its deadline was set by. */
    leaseMs: v.number(),
  }),
);
export type AcquireResult = Infer<typeof acquireResult>;

/** A lock as it is stored, whether it still holds or has lapsed: never with its token. */
export const heldLock = v.object({
  key: v.string(),
  acquiredAt: v.number(),
  /** When it lapses unless it is renewed. */
  expiresAt: v.number(),
});
export type HeldLock = Infer<typeof heldLock>;
