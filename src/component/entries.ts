import { v } from "convex/values";
import { uncarry } from "../shared/carry.js";
import { mutation, query } from "./_generated/server.js";
import { entry, entryName, fillStatus, rememberedFailure, terms } from "./validators.js";
import { expireEntry, putEntry, removeEntry } from "./model/changes.js";
import { lookup, peekEntry } from "./model/lookup.js";

/**
 * Looks up entries without reading the clock: the caller judges their expiry.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const read = query({
  args: {
    requests: v.array(
      v.object({
        ...entryName,
        /** The fill that the caller waits for: while it runs, the entry is not looked at. */
        token: v.optional(v.string()),
        /** Whether to look for a remembered failure as well. */
        failures: v.optional(v.boolean()),
      }),
    ),
  },
  returns: v.array(
    v.object({
      entry: v.union(entry, v.null()),
      fill: v.union(fillStatus, v.null()),
      failure: v.union(rememberedFailure, v.null()),
    }),
  ),
  handler: (ctx, { requests }) => lookup(ctx, requests),
});

/** An entry as it is stored, and until when (ms) the lease of a running fill holds. Reads no clock. */
export const peek = query({
  args: entryName,
  returns: v.object({
    entry: v.union(entry, v.null()),
    fillingUntil: v.union(v.number(), v.null()),
  }),
  handler: (ctx, place) => peekEntry(ctx, place),
});

/** Stores a value that was computed elsewhere, as if its fill began at this commit. */
export const put = mutation({
  args: { ...entryName, ...terms },
  returns: v.null(),
  handler: async (ctx, args) => {
    const { content, ttl, retain, failures, tags, origin, ...place } = args;
    const value = uncarry(content);
    await putEntry(ctx, place, { value, ttl, retain, failures, tags, origin });
    return null;
  },
});

/** Removes an entry and voids its running fill. Resolves to whether there was an entry. */
export const remove = mutation({
  args: entryName,
  returns: v.boolean(),
  handler: (ctx, place) => removeEntry(ctx, place),
});

/**
 * Makes an entry stale from now, if it is fresh, and what a running fill of it
 * stores. `retain` is how long it is kept from now, in ms.
 */
export const expire = mutation({
  args: { ...entryName, retain: v.number() },
  returns: v.null(),
  handler: async (ctx, { retain, ...place }) => {
    await expireEntry(ctx, place, retain);
    return null;
  },
});
