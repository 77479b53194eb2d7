import { v, type Infer } from "convex/values";

/** Names an entry: a cache's name, and a key as `shared/key.ts` makes it. */
export const entryName = {
  name: v.string(),
  key: v.any(),
  /** The key under which 0.3.1 stored the same entry, if that is another. */
  legacyKey: v.optional(v.any()),
  tenant: v.optional(v.string()),
};

/** A value as it crosses the boundary; see `shared/carry.ts`. */
export const carried = v.union(v.object({ value: v.any() }), v.object({ json: v.string() }));

/** An entry as a lookup returns it; times in ms. */
export const entry = v.object({
  id: v.id("values"),
  content: carried,
  createdAt: v.number(),
  expiresAt: v.union(v.number(), v.null()),
  /** Whether an invalidation made it stale. */
  invalidated: v.boolean(),
  fillMs: v.union(v.number(), v.null()),
});
export type Entry = Infer<typeof entry>;

/**
 * Who runs a scheduled fill: the component, which calls the action by its
 * handle and knows the cache's numbers; or a function of the app's, by its
 * handle, for caches with functions of their own.
 */
export const runner = v.union(
  v.object({
    kind: v.literal("component"),
    action: v.string(),
    ttl: v.union(v.number(), v.null()),
    jitter: v.number(),
    retain: v.number(),
    errorTtl: v.number(),
  }),
  v.object({ kind: v.literal("app"), refresher: v.string() }),
);
export type Runner = Infer<typeof runner>;

/** A fill that is reserved for whoever is to run it. */
export const reserved = v.object({
  token: v.id("fills"),
  name: v.string(),
  key: v.any(),
  tenant: v.optional(v.string()),
  args: v.any(),
  runner,
});

/** How to store a value that was computed or given. */
export const terms = {
  content: carried,
  /** How long the value is fresh, in ms; null for ever. */
  ttl: v.union(v.number(), v.null()),
  /** How long it is kept after that, in ms. */
  retain: v.number(),
  /** Whether its cache remembers failures, of which storing it ends one. */
  failures: v.optional(v.boolean()),
  /** The app's labels of the entry, to invalidate it by. */
  tags: v.optional(v.array(v.string())),
  /** How to fill it again, for a rehydration. */
  origin: v.optional(v.object({ args: carried, runner })),
};

/**
 * The states of a fill, and the only steps between them:
 *
 *   scheduled ─> running  its action has begun
 *
 *   running ─> stored     its value is the entry
 *           ─> skipped    it has a value that is not to be stored, or can't be
 *           ─> rejected   its value came too late: the entry was invalidated, or has a later one
 *           ─> failed     its action threw
 *           ─> replaced   a forced refresh, or a waiter that found it dead, took the lease
 *           ─> voided     its entry was removed
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
export type FillState = Infer<typeof fillState>;

const errorKind = v.union(v.literal("convex"), v.literal("other"));

/** An error as it crosses the boundary; `data` is the data of a `ConvexError`. */
export const carriedError = v.object({
  kind: errorKind,
  message: v.string(),
  data: v.optional(carried),
});

/** An error as it is stored, its data packed. */
export const storedError = v.object({
  kind: errorKind,
  message: v.string(),
  data: v.optional(v.bytes()),
});

/** What is known of a fill that somebody waits for. */
export const fillStatus = v.object({
  state: fillState,
  deadline: v.number(),
  successor: v.optional(v.id("fills")),
  error: v.optional(carriedError),
});
export type FillStatus = Infer<typeof fillStatus>;

/** A failure that is remembered: its error is rethrown until then (ms) without running the action. */
export const rememberedFailure = v.object({ error: carriedError, until: v.number() });

/** How a fill ended, as its holder reports it. */
export const fillResult = v.union(
  v.object({ kind: v.literal("value"), fillMs: v.number(), ...terms }),
  v.object({ kind: v.literal("skipped") }),
  v.object({ kind: v.literal("failed"), error: carriedError, errorTtl: v.number() }),
);
export type FillResult = Infer<typeof fillResult>;

/** What became of a fill; times in ms. */
export const settledFill = v.union(
  v.object({
    kind: v.union(v.literal("created"), v.literal("replaced")),
    createdAt: v.number(),
    expiresAt: v.union(v.number(), v.null()),
  }),
  v.object({ kind: v.union(v.literal("rejected"), v.literal("none")) }),
);
export type SettledFill = Infer<typeof settledFill>;
