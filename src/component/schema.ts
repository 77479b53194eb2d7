import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { leaseFields } from "./model/lease.js";
import { fillState } from "../shared/fillProtocol.js";
import {
  evictionReason,
  invalidationMode,
  invalidationState,
  runner,
  wireError,
} from "../shared/protocol.js";
import { counts } from "../shared/statsProtocol.js";
import { commitPosition } from "./model/scan.js";

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
    /** Whether figures count it, and how large it is for these and for bounds, in bytes. */
    hasFigures: v.optional(v.boolean()),
    size: v.optional(v.number()),
    /** Its row in the order of eviction, in a cache with bounds. */
    resident: v.optional(v.id("residents")),
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
    /** Whether figures are kept. */
    figures: v.optional(v.boolean()),
  }),

  /**
   * Fills: one row for each run of an action, its id being the token. While it
   * is scheduled or runs the row is the entry's lease; afterwards it tells waiters
   * how it ended, for a minute.
   * Apart from `values`, because an entry that is being filled for the first
   * time has no row there, and because a hit is not to depend on what is running.
   */
  fills: defineTable({
    ...leaseFields,
    /** The digest of the entry's name and key; absent once the lease is given up. */
    leaseKey: v.optional(v.string()),
    state: fillState,
    startedAt: v.commitTs(),
    /** When a scheduled fill began to run, in ms; another's begins with its row. */
    beganAt: v.optional(v.number()),
    /** The fill that took over the lease. */
    successor: v.optional(v.id("fills")),
    /** What the action threw. */
    error: v.optional(wireError),
    /** The cache's name; a scheduled fill's refresher must be of the same. */
    name: v.string(),
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
    /** The name of a cache that keeps figures, and what the fill adds to them once its row is deleted. */
    figures: v.optional(v.string()),
    counts: v.optional(counts),
  })
    .index("figures", ["figures", "tenant"])
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
    name: v.string(),
    tenant: v.optional(v.string()),
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
    state: invalidationState,
  })
    .index("tag", ["tag", "at"])
    .index("mode", ["tag", "mode", "at"])
    .index("state", ["state", "at"]),

  /**
   * Locks that are held: a row for each, its id being the owner's token. Whoever
   * takes over a lapsed lock deletes its row, so a token never holds again.
   * Written by acquire, heartbeat and release, read by `assertHeld` in the app's
   * mutations and by those who wait. Housekeeping deletes what has lapsed.
   */
  locks: defineTable({
    name: v.string(),
    key: v.string(),
    ...leaseFields,
    /** How long the lock holds without a heartbeat, in ms. */
    ttl: v.number(),
  })
    .index("key", ["name", "key"])
    .index("deadline", ["deadline"]),

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

  /**
   * What is to be added to figures: rows that are only inserted, so that no
   * counter is a document that others write too.
   * Written by whatever stores, deletes or serves entries of a cache that keeps
   * figures, save a fill, which counts on its own row; added up in the background.
   */
  deltas: defineTable({
    name: v.string(),
    tenant: v.optional(v.string()),
    counts,
  }).index("figures", ["name", "tenant"]),

  /**
   * Figures by the hour, of a cache with all its tenants, and of each tenant.
   * Written in the background only.
   */
  figures: defineTable({
    name: v.string(),
    tenant: v.optional(v.string()),
    /** When the hour began, in ms; 0 for all that are not kept apart any more. */
    hour: v.number(),
    counts,
  })
    .index("figures", ["name", "tenant", "hour"])
    .index("hour", ["hour"]),

  /**
   * The entries of caches with bounds, in the order in which they came: small
   * rows, so that eviction reads no value before its turn.
   * Written and deleted with the entry; a hit marks it, eviction takes the mark away.
   */
  residents: defineTable({
    name: v.string(),
    tenant: v.optional(v.string()),
    /** As in `fills`. */
    leaseKey: v.string(),
    /** Set as soon as the entry has an id, for the two name each other. */
    valueId: v.optional(v.id("values")),
    insertedAt: v.commitTs(),
    size: v.number(),
    hasFigures: v.optional(v.boolean()),
    /** Whether the entry's row must be read to delete it. */
    hasDependents: v.optional(v.boolean()),
    /** Whether it was read since eviction last came by. */
    visited: v.boolean(),
    /** When it was last read, as far as that is recorded, in ms. */
    readAt: v.number(),
    /** When it ceases to be fresh, in ms; such entries are evicted first. */
    expiresAt: v.optional(v.number()),
    /** How long it is fresh unless it is read, and when it may be deleted then, in ms. */
    idleTtl: v.optional(v.number()),
    keptUntil: v.optional(v.number()),
  })
    .index("order", ["name", "insertedAt"])
    .index("expiresAt", ["name", "expiresAt"])
    .index("keptUntil", ["keptUntil"]),

  /**
   * What left a cache with bounds otherwise than by eviction, or changed its size,
   * since eviction last counted.
   * Written by whatever deletes or replaces entries, consumed by eviction.
   */
  departures: defineTable({
    name: v.string(),
    /** Of the resident: one that eviction has not counted yet need not be taken off. */
    insertedAt: v.commitTs(),
    entries: v.number(),
    bytes: v.number(),
  }).index("name", ["name"]),

  /**
   * Bounds: what a cache holds as eviction has counted it, and how far its hand has gone.
   * Written by eviction only, so no fill waits for it.
   */
  bounds: defineTable({
    name: v.string(),
    entries: v.number(),
    bytes: v.number(),
    /** The residents up to this commit are counted. */
    countedTo: v.optional(v.int64()),
    /** The last resident that the hand has passed. */
    hand: v.optional(commitPosition),
  }).index("name", ["name"]),

  /** Which entries were evicted, and why, for a day: for those who ask why one is missing. */
  evictions: defineTable({
    /** As in `fills`. */
    leaseKey: v.string(),
    reason: evictionReason,
  }).index("leaseKey", ["leaseKey"]),
});
