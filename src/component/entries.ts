import { v } from "convex/values";
import { mutation, query } from "./_generated/server.js";
import { entry, entryName, fillStatus, storage } from "./validators.js";
import { putEntry, removeEntry } from "./model/changes.js";
import { lookup, peekEntry } from "./model/lookup.js";

/**
 * Looks up entries without reading the clock: the caller judges their expiry.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const read = query({
  args: {
    requests: v.array(v.object({ ...entryName, token: v.optional(v.string()) })),
  },
  returns: v.array(
    v.object({
      entry: v.union(entry, v.null()),
      fill: v.union(fillStatus, v.null()),
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
  args: { ...entryName, ...storage },
  returns: v.null(),
  handler: async (ctx, args) => {
    await putEntry(ctx, args, args);
    return null;
  },
});

/** Removes an entry and voids its running fill. Resolves to whether there was an entry. */
export const remove = mutation({
  args: entryName,
  returns: v.boolean(),
  handler: (ctx, place) => removeEntry(ctx, place),
});
