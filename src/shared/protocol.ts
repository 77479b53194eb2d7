/**
 * Every message between the client and the component, declared once: the
 * validators that the component's functions check, and the types inferred from
 * them. Times are in ms, since 1970 where they name a moment.
 */
import {
  type Infer,
  type ObjectType,
  v,
  type Validator,
  type VAny,
  type Value,
} from "convex/values";

export const nullable = <V extends Validator<unknown, "required", string>>(validator: V) =>
  v.union(validator, v.null());

/** Any Convex value. */
export const value = v.any() as VAny<Value>;
export const optionalValue = v.optional(v.any()) as VAny<Value | undefined, "optional">;

/** A value: as it is, or as Convex's JSON where no document could hold it. */
export const wire = v.union(v.object({ value }), v.object({ json: v.string() }));
export type Wire = Infer<typeof wire>;

/** Names an entry: a cache's name, and a key as `shared/key.ts` makes it. */
export const entryKey = {
  name: v.string(),
  key: value,
  /** The key under which 0.3.1 stored the same entry, if that is another. */
  legacyKey: optionalValue,
  tenant: v.optional(v.string()),
};
export type EntryKey = ObjectType<typeof entryKey>;

/** What is kept of a cache's entries besides: for its figures, and for its bounds. */
export const tracking = v.object({
  /** Whether figures are kept. */
  figures: v.optional(v.boolean()),
  maxEntries: v.optional(v.number()),
  maxBytes: v.optional(v.number()),
  idleTtl: v.optional(v.number()),
});
export type Tracking = Infer<typeof tracking>;

/** When an entry of a bounded cache was read, as far as that is recorded. */
const residency = v.object({
  id: v.string(),
  /** Whether it was read since eviction last came by. */
  visited: v.boolean(),
  readAt: v.number(),
});

/** An entry as a read returns it. */
export const entry = v.object({
  id: v.string(),
  content: wire,
  createdAt: v.number(),
  /** When the value ceases to be fresh; null for never. */
  expiresAt: nullable(v.number()),
  /** Whether an expiry of a tag made it stale. */
  expired: v.boolean(),
  /** How long its fill took; null for a value that was put. */
  fillMs: nullable(v.number()),
  /** Looked up for a bounded cache only. */
  residency: v.optional(residency),
});
export type Entry = Infer<typeof entry>;

/** An error: `data` is the JSON of a `ConvexError`'s data. */
export const wireError = v.object({
  kind: v.union(v.literal("convex"), v.literal("other")),
  message: v.string(),
  data: v.optional(v.string()),
});
export type WireError = Infer<typeof wireError>;

/** A failure that is remembered: its error is rethrown until then without running the action. */
export const failure = v.object({ error: wireError, until: v.number() });
export type Failure = Infer<typeof failure>;

/** What a cache's options say of how its entries are read. */
export const readOptions = v.object({
  /** How long a value is fresh for this reader, beside what is stored; null for no end. */
  ttl: nullable(v.number()),
  staleWhileRevalidate: v.number(),
  staleIfError: v.number(),
  refreshAhead: v.boolean(),
  errorTtl: v.number(),
  /** For how long an entry is fresh that nobody reads; absent for no end. */
  idleTtl: v.optional(v.number()),
});
export type ReadOptions = Infer<typeof readOptions>;

/** What a cache's options say of how a value is stored, as far as numbers tell. */
const storeNumbers = {
  /** How long the value is fresh; null for no end. */
  ttl: nullable(v.number()),
  /** The part of the ttl that chance may take off, from 0 to 1. */
  jitter: v.number(),
  /** How long the value is kept after it ceased to be fresh. */
  retain: v.number(),
  /** How long a failure is remembered. */
  errorTtl: v.number(),
  tracking: v.optional(tracking),
};
export type StoreNumbers = ObjectType<typeof storeNumbers>;

/**
 * Who runs a scheduled fill: the component, which calls the action by its handle
 * and knows the cache's numbers; or a function of the app's, by its handle, for
 * caches with functions of their own.
 */
export const runner = v.union(
  v.object({
    kind: v.literal("component"),
    action: v.string(),
    ...storeNumbers,
    /** Whether to log what becomes of it on the console. */
    log: v.optional(v.boolean()),
  }),
  v.object({ kind: v.literal("app"), refresher: v.string() }),
);
export type Runner = Infer<typeof runner>;

/** How to fill an entry again, for the refill of what a tag invalidated. */
const recipe = v.object({ args: wire, runner });
export type Recipe = Infer<typeof recipe>;

/** A value to store, and how. */
export const storeOptions = {
  content: wire,
  ttl: nullable(v.number()),
  retain: v.number(),
  /** The app's labels of the entry, to invalidate it by. */
  tags: v.optional(v.array(v.string())),
  recipe: v.optional(recipe),
  tracking: v.optional(tracking),
};
export type StoreOptions = ObjectType<typeof storeOptions>;

export const invalidationMode = v.union(v.literal("remove"), v.literal("expire"));
export type InvalidationMode = Infer<typeof invalidationMode>;

/**
 * What housekeeping has still to do with an invalidation: `pending`, the invalid entries are still
 * stored; `swept`, they are not; or `expiring`, for an expiry, which makes none invalid.
 */
export const invalidationState = v.union(
  v.literal("pending"),
  v.literal("swept"),
  v.literal("expiring"),
);

/** Why an entry was evicted: it was not read in time, or the cache held too much. */
export const evictionReason = v.union(v.literal("idleTtl"), v.literal("bounds"));
export type EvictionReason = Infer<typeof evictionReason>;
