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

const nullable = <V extends Validator<unknown, "required", string>>(validator: V) =>
  v.union(validator, v.null());

/** Any Convex value. */
const value = v.any() as VAny<Value>;
const optionalValue = v.optional(v.any()) as VAny<Value | undefined, "optional">;

/** A value: as it is, or as Convex's JSON where no document could hold it. */
const wire = v.union(v.object({ value }), v.object({ json: v.string() }));
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
const failure = v.object({ error: wireError, until: v.number() });
export type Failure = Infer<typeof failure>;

/** What a cache's options say of how its entries are read. */
const readOptions = v.object({
  /** How long a value is fresh for this reader, beside what is stored; null for no end. */
  ttl: nullable(v.number()),
  staleWhileRevalidate: v.number(),
  staleIfError: v.number(),
  refreshAhead: v.boolean(),
  errorTtl: v.number(),
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
};
export type StoreNumbers = ObjectType<typeof storeNumbers>;

/**
 * Who runs a scheduled fill: the component, which calls the action by its handle
 * and knows the cache's numbers; or a function of the app's, by its handle, for
 * caches with functions of their own.
 */
export const runner = v.union(
  v.object({ kind: v.literal("component"), action: v.string(), ...storeNumbers }),
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
};
export type StoreOptions = ObjectType<typeof storeOptions>;

/**
 * The states of a fill, and the only steps between them:
 *
 *   scheduled ─> running  its action has begun
 *
 *   running ─> stored     its value is the entry
 *           ─> skipped    it has a value that is not to be stored, or can't be
 *           ─> rejected   its value came too late: it was invalidated, or a later one is stored
 *           ─> failed     its action threw
 *           ─> replaced   a forced refresh, or a waiter that saw it crash, took the lease
 *           ─> voided     its entry was removed, or the wrong refresher was given it
 *
 * What is scheduled can be replaced and voided too.
 */
export const fillState = v.union(
  v.literal("scheduled"),
  v.literal("running"),
  v.literal("stored"),
  v.literal("skipped"),
  v.literal("rejected"),
  v.literal("failed"),
  v.literal("replaced"),
  v.literal("voided"),
);

/** What is known of a fill that somebody waits for. */
const fillStatus = v.object({
  state: fillState,
  /** When its lease lapses unless it is renewed. It moves with each heartbeat. */
  deadline: v.number(),
  /** The fill that took over its lease. */
  successor: v.optional(v.string()),
  /** Whether the entry was expired while it ran. */
  expired: v.boolean(),
  error: v.optional(wireError),
});
export type FillStatus = Infer<typeof fillStatus>;

/** A lookup of an entry; with a `token`, one by somebody who waits for that fill. */
export const lookup = v.object({
  ...entryKey,
  token: v.optional(v.string()),
  /** Whether to look for a remembered failure as well. */
  failures: v.optional(v.boolean()),
});
export type Lookup = Infer<typeof lookup>;

/** What a lookup returns. While the fill that it waits for runs, the entry is not looked at. */
export const lookupResult = v.object({
  entry: nullable(entry),
  fill: nullable(fillStatus),
  failure: nullable(failure),
});
export type LookupResult = Infer<typeof lookupResult>;

/** A claim of the right to fill an entry. */
export const claimRequest = v.object({
  ...entryKey,
  /** The entry that the caller saw and did not want. */
  seen: v.optional(v.string()),
  /** Whether failures are remembered, and keep it from running. */
  failures: v.optional(v.boolean()),
  /** Whether to take the lease whatever is stored, running or remembered. */
  force: v.boolean(),
  /** A lease that the caller has watched for a lease's time without a heartbeat. */
  lapsed: v.optional(v.object({ token: v.string(), deadline: v.number() })),
});
export type ClaimRequest = Infer<typeof claimRequest>;

/** A fill that runs elsewhere, as a claim tells of it. */
const heldLease = v.object({
  kind: v.literal("held"),
  token: v.string(),
  deadline: v.number(),
  /** How long its lease still holds, by the clock that it was set by. */
  leaseMs: v.number(),
});
export type HeldLease = Infer<typeof heldLease>;

/** The answer to a claim. */
export const claimResult = v.union(
  v.object({ kind: v.literal("granted"), token: v.string() }),
  heldLease,
  v.object({ kind: v.literal("stored"), entry }),
  v.object({ kind: v.literal("failed"), error: wireError }),
);
export type ClaimResult = Infer<typeof claimResult>;

/** A request for a background fill. */
export const scheduleRequest = v.object({
  ...entryKey,
  /** The entry that the caller saw: if another has come since, there is nothing to do. */
  seen: v.optional(v.string()),
  /** Of a reader, whether its cache rethrows failures; absent where a refresh is asked for. */
  failures: v.optional(v.boolean()),
  force: v.boolean(),
  args: wire,
  runner,
});
export type ScheduleRequest = Infer<typeof scheduleRequest>;

/** A fetch in a mutation: what to read, and what to schedule if that is not fresh. */
export const mutationFetch = v.object({
  ...entryKey,
  force: v.boolean(),
  read: readOptions,
  args: wire,
  runner,
});
export type MutationFetch = Infer<typeof mutationFetch>;

/** What a mutation is given: a value, or null where only the action could give one. */
export const mutationFetchResult = v.object({
  content: nullable(wire),
  get: v.union(v.literal("hit"), v.literal("stale"), v.literal("miss")),
});
export type MutationFetchResult = Infer<typeof mutationFetchResult>;

/** How a fill ended, as its holder reports it. `retryMs` is how long no background fill follows. */
export const fillResult = v.union(
  v.object({ kind: v.literal("value"), fillMs: v.number(), ...storeOptions }),
  v.object({ kind: v.literal("skipped"), retryMs: v.number() }),
  v.object({
    kind: v.literal("failed"),
    error: wireError,
    errorTtl: v.number(),
    retryMs: v.number(),
  }),
);
export type FillResult = Infer<typeof fillResult>;

/** Whether a refresh that relied on a fill is due once more. */
const again = v.boolean();

/** What became of a fill. */
export const settlement = v.union(
  v.object({
    kind: v.union(v.literal("created"), v.literal("replaced")),
    createdAt: v.number(),
    expiresAt: nullable(v.number()),
    /** Whether the entry was expired while the fill ran. */
    expired: v.boolean(),
    again,
  }),
  v.object({ kind: v.union(v.literal("rejected"), v.literal("none")), again }),
);
export type Settlement = Infer<typeof settlement>;

/** A fill that is reserved for whoever is to run it; `args` is null where they are stored for it. */
export const reservedFill = v.object({
  token: v.string(),
  name: v.string(),
  key: value,
  tenant: v.optional(v.string()),
  args: value,
  runner,
});
export type ReservedFill = Infer<typeof reservedFill>;

/** How a scheduled fill begins; `foreign`, for one of another cache; `gone`, if it was voided or replaced. */
export const beginResult = v.union(
  v.object({
    kind: v.literal("begun"),
    args: nullable(wire),
    tenant: v.optional(v.string()),
  }),
  v.object({ kind: v.literal("foreign"), name: v.string() }),
  v.object({ kind: v.literal("gone") }),
);
export type BeginResult = Infer<typeof beginResult>;

export const invalidationMode = v.union(v.literal("remove"), v.literal("expire"));
export type InvalidationMode = Infer<typeof invalidationMode>;
