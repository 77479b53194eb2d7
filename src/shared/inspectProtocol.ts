/** The messages by which entries are explained and listed; times as in `protocol.ts`. */
import { type Infer, type ObjectType, v, type Validator } from "convex/values";
import {
  entryKey,
  evictionReason,
  invalidationMode,
  invalidationState,
  nullable,
  optionalValue,
  readOptions,
  value,
  wire,
} from "./protocol.js";

/** An invalidation, in the app's own words. */
const invalidatedBy = v.object({
  /** What was invalidated: entries of a tag, a name or a tenant, or everything. */
  by: v.union(v.literal("tag"), v.literal("name"), v.literal("tenant"), v.literal("everything")),
  tag: v.optional(v.string()),
  /** Whose entries; absent for those of no tenant, or of all. */
  tenant: v.optional(v.string()),
  mode: invalidationMode,
  at: v.number(),
  /** Covers only entries created up to this time. */
  before: v.optional(v.number()),
});
export type InvalidatedBy = Infer<typeof invalidatedBy>;

/** Why a stored value is not used: `checkValue` returned false for it, or a part of it is missing. */
const unusable = v.union(v.literal("shape"), v.literal("incomplete"));

/** A fill that holds a lease. */
const fillFields = {
  state: v.union(v.literal("scheduled"), v.literal("running")),
  since: v.number(),
  /** Until when its lease holds unless it is renewed. */
  leaseUntil: v.number(),
};

export const explanation = {
  /** What identifies the entry: the arguments, what `key` returned, or the digest of a large one. */
  key: value,
  /** The tags of what is stored. */
  tags: v.array(v.string()),
  /** What is stored, whether or not it is served. */
  entry: nullable(
    v.object({
      createdAt: v.number(),
      /** Until when it may be served stale; null for no end. */
      staleUntil: nullable(v.number()),
      /** Until when it may be served in place of an error; null for no end. */
      staleIfErrorUntil: nullable(v.number()),
      /** The size of the value as it is stored, in bytes. */
      bytes: v.number(),
      /** How long its fill took; null for a value that was put. */
      fillMs: nullable(v.number()),
      /** When it was last read, as far as the bounds of its cache need to know; null without bounds. */
      readAt: nullable(v.number()),
      /** When it ceases to be fresh unless it is read; null for never. */
      idleAt: nullable(v.number()),
      /** Why its value is not used; it is read only where there is a `checkValue`. */
      unusable: nullable(unusable),
    }),
  ),
  /** When it ceases to be fresh for this cache; null for never. */
  expiresAt: nullable(v.number()),
  /**
   * The latest removal of what is stored, else the first expiry of it. Where
   * nothing is stored, the latest clear that covers the call, while it is kept.
   */
  invalidatedBy: nullable(invalidatedBy),
  /** Where nothing is stored, when it was last evicted and for which bound, for a day. */
  evicted: nullable(v.object({ reason: evictionReason, at: v.number() })),
  /** The fill that holds the entry's lease, lapsed or not. */
  fill: nullable(v.object(fillFields)),
  /** The failure that is rethrown until then, of a cache with an `errorTtl`. */
  failure: nullable(v.object({ message: v.string(), until: v.number() })),
};

/** Why a call would be a hit, stale or a miss; times in ms since 1970. */
export type Explanation = ObjectType<typeof explanation>;

/** What to explain: a call, as a cache of these options makes it. */
export const explainRequest = {
  ...entryKey,
  read: readOptions,
  /** Whether the stored value is wanted too. */
  withContent: v.boolean(),
};

/** An explanation; with the value, where it was asked for and is whole. */
export const explained = v.object({ ...explanation, content: v.optional(wire) });
export type Explained = Infer<typeof explained>;

/** An entry as it is listed. */
export const listedEntry = v.object({
  /** The arguments; null where the stored key does not hold them. */
  args: value,
  /** What the cache's `key` function returned, where the stored key holds that. */
  key: optionalValue,
  /** The key as it is stored, which names the entry to the functions of `inspectorApi`. */
  storedKey: value,
  tenant: v.optional(v.string()),
  tags: v.array(v.string()),
  /** The size of the value as it is stored, in bytes. */
  bytes: v.number(),
  createdAt: v.number(),
  /** When it ceases to be fresh for this cache; null for never. */
  expiresAt: nullable(v.number()),
  /** Until when it may be served stale; null for no end. */
  staleUntil: nullable(v.number()),
  /** How long its fill took; null for a value that was put. */
  fillMs: nullable(v.number()),
});

/** What to list: the entries of a name, or of them those of a tenant or with a tag. */
export const listRequest = {
  name: v.string(),
  tenant: v.optional(v.string()),
  tag: v.optional(v.string()),
  read: readOptions,
  /** Where the last page ended; null for the first. */
  cursor: nullable(v.string()),
  /** The most entries of a page. */
  numItems: v.number(),
};

/** A page of entries, which may hold fewer than were asked for and not be the last. */
export const listPage = v.object({
  page: v.array(listedEntry),
  isDone: v.boolean(),
  continueCursor: v.string(),
});

/** The names of caches that have entries or figures, in order, behind one. */
export const namesRequest = { after: v.optional(v.string()) };
export const namesPage = v.object({ names: v.array(v.string()), isDone: v.boolean() });

/** The first of some rows, and whether these are all. */
const listOf = <V extends Validator<unknown, "required", string>>(item: V) =>
  v.object({ items: v.array(item), isDone: v.boolean() });

/** Whose fill or failure it is. */
const entryLabels = {
  name: v.string(),
  tenant: v.optional(v.string()),
  /** A digest of the entry's name and key. */
  leaseKey: v.string(),
};

/** A fill that is scheduled or runs, and until when its lease holds unless it is renewed. */
const runningFill = v.object({ ...entryLabels, ...fillFields });
export const fillList = listOf(runningFill);

/** A failure that is remembered. */
const rememberedFailure = v.object({
  ...entryLabels,
  /** What the action threw; null where that is not rethrown. */
  message: nullable(v.string()),
  /** When the fill that failed began. */
  beganAt: v.number(),
  /** Until when the error is rethrown; null where it is not. */
  until: nullable(v.number()),
  /** Until when nothing fills the entry in the background. */
  retryAt: v.number(),
});
export const failureList = listOf(rememberedFailure);

/** An invalidation that is kept. */
const keptInvalidation = invalidatedBy.extend({
  /** The cache that was cleared. */
  name: v.optional(v.string()),
  /** Whether it covers the entries of every tenant and of none that have the tag. */
  allTenants: v.optional(v.boolean()),
  /** Whether what it covers is filled again in the background. */
  refresh: v.boolean(),
  /** What housekeeping has still to do with it. */
  state: invalidationState,
});
export type KeptInvalidation = Infer<typeof keptInvalidation>;
export const invalidationList = listOf(keptInvalidation);
