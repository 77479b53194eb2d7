import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { leaseFields } from "./model/lease.js";
import { fillState } from "../shared/fillProtocol.js";
import { invalidationMode, runner } from "../shared/protocol.js";
import { wireError } from "../shared/wireError.js";

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
    /** Only in rows of 0.3.1; ours are looked up by the index of `metadata`. */
    metadataId: v.optional(v.id("metadata")),
    tenant: v.optional(v.string()),
    /** The app's own labels, as it gave them. */
    tags: v.optional(v.array(v.string())),
    /** The rows that list the entry under its tags, and how to fill it again. */
    tagRows: v.optional(v.array(v.id("tags"))),
    recipe: v.optional(v.id("recipes")),
    /** When the fill began that computed the value, in the order of commits. */
    startedAt: v.optional(v.commitTs()),
    /** The fill that stored the value; absent where it was put. */
    token: v.optional(v.id("fills")),
    /** When the value ceases to be fresh, in ms; absent for never. */
    expiresAt: v.optional(v.number()),
    /** How long the fill took, in ms: how far ahead of its expiry the next one is due. */
    fillMs: v.optional(v.number()),
    /** Rows that hold the value as JSON, in order. */
    parts: v.optional(v.array(v.id("parts"))),
    /** What the parts add up to, in bytes. */
    partsBytes: v.optional(v.number()),
  }).index("key", ["name", "args"]),

  /**
   * Pieces of JSON of what doesn't fit into a document: values, and the arguments
   * of scheduled fills. Apart, because a document is at most 1 MiB.
   * Written and deleted together with the row that lists them, read by their ids only.
   */
  parts: defineTable({ json: v.string() }),

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
    /** The size of the entry's row, so that the purge knows what deleting it reads. */
    bytes: v.optional(v.number()),
  })
    .index("expiresAt", ["expiresAt"])
    .index("valueId", ["valueId"]),

  /**
   * The tags of entries: a row for each of an entry's own tags, and of its
   * tenant, by which a sweep or a refill finds what an invalidation covers, oldest first.
   * Written and deleted with the entry; reading an entry does without them.
   */
  tags: defineTable({
    tag: v.string(),
    startedAt: v.commitTs(),
    /** Set as soon as the entry has an id, for the two name each other. */
    valueId: v.optional(v.id("values")),
    recipe: v.optional(v.id("recipes")),
  })
    .index("tag", ["tag", "startedAt"])
    .index("startedAt", ["startedAt"]),

  /**
   * How to fill tagged entries again: what a refill needs that the entry itself
   * does not. Apart, so that a hit doesn't read it.
   * Written and deleted with the entry, read by refills.
   */
  recipes: defineTable({
    name: v.string(),
    key: v.any(),
    tenant: v.optional(v.string()),
    /** The arguments as JSON. */
    args: v.string(),
    runner,
  }),

  /**
   * Fills: one row for each run of an action, its id being the token. While it
   * is scheduled or runs the row is the entry's lease; afterwards it tells waiters
   * how it ended, for a minute.
   * Apart from `values`, because an entry that is being filled for the first
   * time has no row there, and because a hit is not to depend on what is running.
   */
  fills: defineTable({
    /** Its key is the digest of the entry's name and key. */
    ...leaseFields,
    state: fillState,
    startedAt: v.commitTs(),
    /** When a scheduled fill began to run, in ms; another's begins with its row. */
    beganAt: v.optional(v.number()),
    /** The fill that took over the lease. */
    successor: v.optional(v.id("fills")),
    /** What the action threw. */
    error: v.optional(wireError),
    /** The cache's name, of a scheduled fill: its refresher must be of the same. */
    name: v.optional(v.string()),
    tenant: v.optional(v.string()),
    /** When the entry was expired by hand while the fill ran: its value is stale from then, in ms. */
    expiredAt: v.optional(v.number()),
    /** Whether a value was put while the fill ran: that one counts as later, whatever becomes of it. */
    isOutdated: v.optional(v.boolean()),
    /** When a refresh last relied on this fill instead of scheduling one of its own. */
    reliedOnAt: v.optional(v.commitTs()),
    /** The arguments of a scheduled fill as JSON, where they are too large to be scheduled with it. */
    argsParts: v.optional(v.array(v.id("parts"))),
    argsBytes: v.optional(v.number()),
    /** The entry of 0.3.1 that the value replaces, where it has another key. */
    legacyEntry: v.optional(v.id("values")),
  })
    .index("leaseKey", ["leaseKey"])
    .index("state", ["state", "startedAt"])
    .index("deadline", ["deadline"]),

  /**
   * The negative cache: a row for each entry whose last fill failed, or stored
   * nothing in the background, for as long as that has consequences.
   * Written and deleted by settle, put and remove; read by lookups of caches with
   * an `errorTtl`, by claims of these and by whoever schedules.
   */
  failures: defineTable({
    /** As in `fills`. */
    leaseKey: v.string(),
    startedAt: v.commitTs(),
    beganAt: v.number(),
    /** What the action threw, and until when that is rethrown, in ms. */
    error: v.optional(wireError),
    until: v.optional(v.number()),
    /** Until when no background fill is scheduled, in ms. */
    retryAt: v.number(),
    /** When the row has no consequences any more, in ms. */
    deadline: v.number(),
  })
    .index("leaseKey", ["leaseKey"])
    .index("startedAt", ["startedAt"])
    .index("deadline", ["deadline"]),

  /**
   * Invalidations: rows that are only appended, so that two of them never
   * conflict. An entry is invalid when a removal of a tag that covers it is later
   * than the fill that computed it, and stale from the first expiry that is.
   * Written by invalidations and clears, read by every lookup, dropped by
   * compaction.
   */
  invalidations: defineTable({
    /** What it covers; see `model/invalidation/tags.ts`. */
    tag: v.string(),
    mode: invalidationMode,
    at: v.commitTs(),
    /** Covers only entries created up to this time, in ms. */
    before: v.optional(v.number()),
    /** Whether what it covers is filled again in the background. */
    refresh: v.optional(v.boolean()),
    /**
     * What housekeeping has still to do: `pending`, the invalid entries are still
     * stored; `swept`, they are not; or `expiring`, for an expiry, which makes none invalid.
     */
    state: v.union(v.literal("pending"), v.literal("swept"), v.literal("expiring")),
  })
    .index("tag", ["tag", "at"])
    .index("mode", ["tag", "mode", "at"])
    .index("state", ["state", "at"]),

  /**
   * Refills under way: what was invalidated with `refresh: true` and is being
   * filled again. While a row stands, housekeeping spares what it still needs.
   * Written by the invalidation and the refill's own action; one whose action was
   * lost is resumed by housekeeping.
   */
  refills: defineTable({
    /** Those still to do, the first being under way. */
    invalidations: v.array(v.id("invalidations")),
    /** The last entry visited of the first one. */
    position: v.optional(v.any()),
    /** When the action that runs it is taken for lost unless it reports, in ms. */
    deadline: v.number(),
  }).index("deadline", ["deadline"]),
});
