import { v } from "convex/values";
import { lookup, lookupResult } from "../shared/fillProtocol.js";
import { entry, entryKey, storeOptions } from "../shared/protocol.js";
import { mutation, query } from "./_generated/server.js";
import { checkDurations, checkStoreOptions } from "./model/checks.js";
import { lookUp, peekEntry } from "./model/lookup.js";
import { expireEntry, putEntry, removeEntry } from "./model/write.js";

/**
 * Looks up entries without reading the clock: the caller decides on their freshness.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const read = query({
  args: { requests: v.array(lookup) },
  returns: v.array(lookupResult),
  handler: (ctx, { requests }) => lookUp(ctx, requests),
});

/** An entry as it is stored, and until when (ms) the lease of a fill holds. Reads no clock. */
export const peek = query({
  args: { ...entryKey, residency: lookup.fields.residency },
  returns: v.object({
    entry: v.union(entry, v.null()),
    fillingUntil: v.union(v.number(), v.null()),
  }),
  handler: (ctx, key) => peekEntry(ctx, key),
});

/** Stores a value that was computed elsewhere, as if its fill began at this commit. */
export const put = mutation({
  args: { ...entryKey, options: v.object(storeOptions) },
  returns: v.null(),
  handler: async (ctx, { options, ...key }) => {
    checkStoreOptions(key.name, options);
    await putEntry(ctx, key, options);
    return null;
  },
});

/** Removes an entry and voids its running fill. Resolves to whether there was an entry. */
export const remove = mutation({
  args: entryKey,
  returns: v.boolean(),
  handler: (ctx, key) => removeEntry(ctx, key),
});

/**
 * Makes an entry stale from now, if it is fresh, and what a running fill of it
 * stores. `retain` is how long it is kept from now, in ms; by default, as long as
 * it would have been kept after its own expiry.
 */
export const expire = mutation({
  args: { ...entryKey, retain: v.optional(v.number()) },
  returns: v.null(),
  handler: async (ctx, { retain, ...key }) => {
    checkDurations(key.name, { retain });
    await expireEntry(ctx, key, retain);
    return null;
  },
});
