import { v, type Value } from "convex/values";
import { mutation, query } from "./_generated/server.js";
import { checkClear } from "./model/checks.js";
import { clear } from "./model/invalidate.js";
import { removeEntry } from "./model/write.js";
import { getByArgs, putByArgs } from "./model/legacy.js";
import { identifyByArgs } from "../shared/key.js";

/**
 * Gets a value that has not expired by the clock: by the ttl that it was stored
 * with and by the one given (ms, null for none), whichever is shorter.
 */
export const get = query({
  args: {
    name: v.string(),
    args: v.any(),
    ttl: v.union(v.float64(), v.null()),
  },
  returns: v.union(
    v.object({ kind: v.literal("hit"), value: v.any() }),
    v.object({
      kind: v.literal("miss"),
      expiredEntry: v.optional(v.id("values")),
    }),
  ),
  handler: (ctx, request) => getByArgs(ctx, request),
});

/**
 * Puts a value after a miss, unless another one has come since: an entry that
 * exists and is not `expiredEntry` is kept, except where exactly one of the two
 * has a ttl (ms, null for never).
 */
export const put = mutation({
  args: {
    name: v.string(),
    args: v.any(),
    value: v.any(),
    ttl: v.union(v.float64(), v.null()),
    expiredEntry: v.optional(v.id("values")),
  },
  returns: v.object({
    cacheHit: v.boolean(),
    deletedExpiredEntry: v.boolean(),
  }),
  handler: (ctx, request) => putByArgs(ctx, request),
});

/** Removes one entry, and voids its running fill. */
export const remove = mutation({
  args: { name: v.string(), args: v.any() },
  returns: v.null(),
  handler: async (ctx, { name, args }) => {
    await removeEntry(ctx, { name, ...(await identifyByArgs(args as Value)) });
    return null;
  },
});

/**
 * Clears the cache of a name, or all of it: at once for readers, in the
 * background for storage. With `batchSize`, that many are also deleted at once,
 * and in each step behind it. With `before` (ms), only what was created up to then.
 */
export const removeAll = mutation({
  args: {
    name: v.optional(v.string()),
    batchSize: v.optional(v.number()),
    before: v.optional(v.float64()),
  },
  returns: v.null(),
  handler: async (ctx, request) => {
    checkClear(request);
    await clear(ctx, request);
    return null;
  },
});
