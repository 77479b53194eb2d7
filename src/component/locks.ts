import { v } from "convex/values";
import {
  acquireRequest,
  acquireResult,
  heldLock,
  lockKey,
  ownedLock,
} from "../shared/lockProtocol.js";
import { mutation, query } from "./_generated/server.js";
import { checkLockRequest } from "./model/checks.js";
import * as lock from "./model/lock.js";

/** Takes a lock that is free or has lapsed, or tells who holds it to those who wait. */
export const acquire = mutation({
  args: acquireRequest,
  returns: acquireResult,
  handler: (ctx, request) => {
    checkLockRequest(request);
    return lock.acquireLock(ctx, request);
  },
});

/** Renews the locks that their owners still have, and returns their tokens. */
export const heartbeat = mutation({
  args: { tokens: v.array(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { tokens }) => {
    const held = await Promise.all(tokens.map((token) => lock.renewLock(ctx, token)));
    return tokens.filter((_, index) => held[index]);
  },
});

/** Frees a lock, if the token is its owner's. Resolves to whether it was held until now. */
export const release = mutation({
  args: ownedLock,
  returns: v.boolean(),
  handler: (ctx, owned) => lock.releaseLock(ctx, owned),
});

/** Whether a lock is held by the owner of the token, for the mutation that calls it. */
export const isHeld = query({
  args: ownedLock,
  returns: v.boolean(),
  handler: (ctx, owned) => lock.isHeldBy(ctx, owned),
});

/** When a lock lapses (ms) unless its owner renews it; null once another may have it. Reads no clock. */
export const poll = query({
  args: { token: v.string() },
  returns: v.union(v.number(), v.null()),
  handler: (ctx, { token }) => lock.deadlineOf(ctx, token),
});

/** A lock as it is stored, lapsed or not. Reads no clock. */
export const check = query({
  args: lockKey,
  returns: v.union(heldLock, v.null()),
  handler: (ctx, key) => lock.checkLock(ctx, key),
});

/** The locks of a name as they are stored, up to 1,000, after a key in their order. Reads no clock. */
export const list = query({
  args: { name: v.string(), after: v.optional(v.string()) },
  returns: v.array(heldLock),
  handler: (ctx, request) => lock.listLocks(ctx, request),
});
