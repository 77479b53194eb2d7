/** The messages by which fills are looked at, claimed, scheduled, begun and settled; times as in `protocol.ts`. */
import { type Infer, v } from "convex/values";
import {
  entryKey,
  entry,
  wire,
  wireError,
  failure,
  readOptions,
  storeOptions,
  runner,
  nullable,
  value,
} from "./protocol.js";

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
  token: v.string(),
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
  /** Whether to tell when the entry was read. */
  residency: v.optional(v.boolean()),
});
export type Lookup = Infer<typeof lookup>;

/**
 * What a lookup returns. While the fill that it waits for runs, the entry is not
 * looked at. Where no entry is stored, `fill` is the one that runs, if any.
 */
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
  /** Whether figures are kept. */
  figures: v.optional(v.boolean()),
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
  figures: v.optional(v.boolean()),
  args: wire,
  runner,
});
export type ScheduleRequest = Infer<typeof scheduleRequest>;

/** A fetch in a mutation: what to read, and what to schedule if that is not fresh. */
export const mutationFetch = v.object({
  ...entryKey,
  force: v.boolean(),
  figures: v.optional(v.boolean()),
  read: readOptions,
  args: wire,
  runner,
});
export type MutationFetch = Infer<typeof mutationFetch>;

/** What a mutation is given: a value, or null where only the action could give one. */
export const mutationFetchResult = v.object({
  content: nullable(wire),
  get: v.union(v.literal("hit"), v.literal("stale"), v.literal("miss")),
  /** How long the value's fill took, where one is kept. */
  fillMs: nullable(v.number()),
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
