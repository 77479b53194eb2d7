/** The messages about figures; times in ms, sizes in bytes. */
import { type Infer, v } from "convex/values";
import { nullable } from "./protocol.js";

/** What is counted of fetches, fills, puts and evictions. */
const events = {
  hits: v.number(),
  staleHits: v.number(),
  misses: v.number(),
  coalesced: v.number(),
  fills: v.number(),
  errors: v.number(),
  skipped: v.number(),
  rejected: v.number(),
  puts: v.number(),
  evictions: v.number(),
  /** What hits saved: the time of the fills that they stand for, and by the cache's own `cost`. */
  savedMs: v.number(),
  saved: v.number(),
};

/** What is stored, expired and invalidated entries included until they are deleted. */
const stored = { entries: v.number(), bytes: v.number() };

/** A part of the figures: what one event, or many, added to them. `fillMs` is how long all fills took. */
export const counts = v.object({ ...events, ...stored, fillMs: v.number() }).partial();
export type Counts = Infer<typeof counts>;

/** What follows from the counters; null where nothing was fetched, or filled. */
const rates = { hitRate: nullable(v.number()), averageFillMs: nullable(v.number()) };

/** The figures of a cache, or of what a tenant has of it; `hours` by when each began. */
export const figures = v.object({
  ...events,
  ...rates,
  ...stored,
  hours: v.array(v.object({ hour: v.number(), ...events, ...rates })),
});
export type Figures = Infer<typeof figures>;

/** Whose figures: a cache's, of all its tenants and of none; with a tenant, that one's. */
export const figuresLabels = { name: v.string(), tenant: v.optional(v.string()) };

/** What a client reports of an entry that it served. */
export const hitReport = v.object({
  ...figuresLabels,
  /** What to add to the figures. */
  counts: v.optional(counts),
  /** The row of a bounded cache's entry that is to tell that it was read. */
  resident: v.optional(v.string()),
});
export type HitReport = Infer<typeof hitReport>;
