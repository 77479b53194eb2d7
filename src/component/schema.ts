import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { fillState, runner, storedError } from "./validators.js";

export default defineSchema({
  /**
   * Entries: one row for each cached value, replaced as a whole by its
   * successor, so `_creationTime` is when the value was stored. `name`, `args`,
   * `value` and `metadataId` are as 0.3.1 wrote them, and its rows have nothing
   * else.
   * Written by settle, put, remove and housekeeping; read by every lookup.
   */
  values: defineTable({
    name: v.string(),
    /** The entry's key within its name; see `shared/key.ts`. */
    args: v.any(),
    /** The value itself, or null where `parts` hold it. */
    value: v.any(),
    /** Only in rows of 0.3.1; ours are found through the index of `metadata`. */
    metadataId: v.optional(v.id("metadata")),
    tenant: v.optional(v.string()),
    /** The app's own labels, as it gave them. */
    tags: v.optional(v.array(v.string())),
    /** The rows that list the entry under its tags, and its origin. */
    tagRows: v.optional(v.array(v.id("tags"))),
    origin: v.optional(v.id("origins")),
    /** When the fill began that computed the value, in the order of commits. */
    startedAt: v.optional(v.commitTs()),
    /** The fill that stored the value; absent where it was put. */
    token: v.optional(v.id("fills")),
    /** When the value ceases to be fresh, in ms; absent for never. */
    expiresAt: v.optional(v.number()),
    /** How long the fill took, in ms: a waiter's first guess for the next. */
    fillMs: v.optional(v.number()),
    /** Rows that hold the packed value, in order. */
    parts: v.optional(v.array(v.id("parts"))),
    /** What the parts add up to, in bytes. */
    partsBytes: v.optional(v.number()),
  }).index("key", ["name", "args"]),

  /**
   * Pieces of values that don't fit into a document, as MessagePack.
   * Apart, because a document is at most 1 MiB. Written and deleted together
   * with the entry that lists them, read by their ids only.
   */
  parts: defineTable({ bytes: v.bytes() }),

  /**
   * When an entry may be deleted, for entries that expire: small rows in the
   * order of that time, so that the purge reads no value before its turn.
   * Written with the entry, read by the purge, and by a claim to tell cheaply
   * whether an entry is still the one that was seen.
   */
  metadata: defineTable({
    valueId: v.id("values"),
    expiresAt: v.float64(),
    /** Whether the entry has rows of other tables, so that its own must be read to delete it. */
    hasDependents: v.optional(v.boolean()),
  })
    .index("expiresAt", ["expiresAt"])
    .index("valueId", ["valueId"]),

  /**
   * The tags of entries: a row for each of an entry's own tags, and of its
   * tenant, by which a sweep finds what an invalidation made dead, oldest first.
   * Written and deleted with the entry; reading an entry does without them.
   */
  tags: defineTable({
    tag: v.string(),
    startedAt: v.commitTs(),
    /** Set as soon as these have ids, for they name each other. */
    valueId: v.optional(v.id("values")),
    metadataId: v.optional(v.id("metadata")),
    origin: v.optional(v.id("origins")),
  }).index("tag", ["tag", "startedAt"]),

  /**
   * How to fill tagged entries again: what a rehydration needs that the entry
   * itself does not. Apart, so that a hit doesn't read it.
   * Written and deleted with the entry, read by rehydrations.
   */
  origins: defineTable({
    name: v.string(),
    key: v.any(),
    tenant: v.optional(v.string()),
    args: v.bytes(),
    runner,
  }),

  /**
   * Fills: one row for each run of an action, its id being the token. While it
   * is scheduled or runs the row is the entry's lease; afterwards it tells waiters
   * how it ended, for a minute, and later readers of a failure that is remembered.
   * Apart from `values`, because an entry that is being filled for the first
   * time has no row there, and because a hit is not to depend on what is running.
   */
  fills: defineTable({
    /** Names the entry while the fill runs: the digest of its name and key. */
    slot: v.optional(v.string()),
    state: fillState,
    startedAt: v.commitTs(),
    /** When the lease lapses unless its holder's heartbeat moves it, in ms. */
    deadline: v.number(),
    /** The fill that took over the lease. */
    successor: v.optional(v.id("fills")),
    /** What the action threw. */
    error: v.optional(storedError),
    name: v.optional(v.string()),
    tenant: v.optional(v.string()),
    /** When the entry was expired by hand while the fill ran: its value is stale from then, in ms. */
    expiredAt: v.optional(v.number()),
    /** The slot of a failure that is remembered, and until when, in ms. */
    failedSlot: v.optional(v.string()),
    failedUntil: v.optional(v.number()),
    /** The packed arguments of a scheduled fill, where they are too large to be scheduled with it. */
    argsParts: v.optional(v.array(v.id("parts"))),
    argsBytes: v.optional(v.number()),
    /** The entry of 0.3.1 that the value replaces, where it has another key. */
    legacyEntry: v.optional(v.id("values")),
    /** When nobody can be waiting for it any more, in ms. */
    purgeAt: v.number(),
  })
    .index("slot", ["slot"])
    .index("failedSlot", ["failedSlot"])
    .index("state", ["state", "startedAt"])
    .index("purgeAt", ["purgeAt"]),

  /**
   * Invalidations: rows that are only appended, so that two of them never
   * conflict. An entry is dead when a removal of a tag that covers it is later
   * than the fill that computed it, and stale from the first expiry that is.
   * Written by invalidations and clears, read by every lookup, folded and
   * dropped by housekeeping.
   */
  invalidations: defineTable({
    /** What it covers; see `model/tags.ts`. */
    tag: v.string(),
    mode: v.union(v.literal("remove"), v.literal("expire")),
    at: v.commitTs(),
    /** Covers only entries created up to this time, in ms. */
    before: v.optional(v.number()),
    /**
     * What housekeeping has still to do, in this order: `rehydrating`, its entries
     * are being filled again; `pending`, the dead are still stored; `swept`, they
     * are not; or `expiring`, for an expiry, which leaves none dead.
     */
    state: v.union(
      v.literal("rehydrating"),
      v.literal("pending"),
      v.literal("swept"),
      v.literal("expiring"),
    ),
  })
    .index("tag", ["tag", "at"])
    .index("mode", ["tag", "mode", "at"])
    .index("state", ["state", "at"]),
});
