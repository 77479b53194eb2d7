import { v, type Infer } from "convex/values";

/** Names an entry: a cache's name, and a key as `shared/key.ts` makes it. */
export const entryName = {
  name: v.string(),
  key: v.any(),
  /** The key under which 0.3.1 stored the same entry, if that is another. */
  legacyKey: v.optional(v.any()),
};

/** A value as it crosses the boundary: itself, or packed where it would not fit. */
export const content = v.union(
  v.object({ kind: v.literal("inline"), value: v.any() }),
  v.object({ kind: v.literal("packed"), parts: v.array(v.bytes()) }),
);
export type Content = Infer<typeof content>;

/** An entry as a lookup returns it; times in ms. */
export const entry = v.object({
  id: v.id("values"),
  content,
  createdAt: v.number(),
  expiresAt: v.union(v.number(), v.null()),
  fillMs: v.union(v.number(), v.null()),
});
export type Entry = Infer<typeof entry>;

/** How to store a value that was computed or given. */
export const storage = {
  content,
  /** How long the value is fresh, in ms; null for ever. */
  ttl: v.union(v.number(), v.null()),
};

/**
 * The states of a fill, and the only steps between them:
 *
 *   running ─> stored     its value is the entry
 *           ─> skipped    it has a value that is not to be stored, or can't be
 *           ─> rejected   its value came too late: the entry was invalidated, or has a later one
 *           ─> failed     its action threw
 *           ─> replaced   a forced refresh, or a waiter that found it dead, took the lease
 *           ─> voided     its entry was removed
 */
export const fillState = v.union(
  v.literal("running"),
  v.literal("stored"),
  v.literal("skipped"),
  v.literal("rejected"),
  v.literal("failed"),
  v.literal("replaced"),
  v.literal("voided"),
);
export type FillState = Infer<typeof fillState>;

/** An error on its way to those who wait; `data` is the packed data of a `ConvexError`. */
export const serializedError = v.object({
  kind: v.union(v.literal("convex"), v.literal("other")),
  message: v.string(),
  data: v.optional(v.bytes()),
});

/** What is known of a fill that somebody waits for. */
export const fillStatus = v.object({
  state: fillState,
  deadline: v.number(),
  successor: v.optional(v.id("fills")),
  error: v.optional(serializedError),
});
export type FillStatus = Infer<typeof fillStatus>;
