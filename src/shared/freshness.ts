import type { ReadOptions } from "./protocol.js";

/** The times of an entry that its freshness follows from, in ms since 1970. */
export type EntryTimes = {
  createdAt: number;
  /** When the value ceases to be fresh; null for never. */
  expiresAt: number | null;
};

/** How an entry may be served: as it is, while it is being refreshed, or not at all. */
export type Freshness = "fresh" | "stale" | "expired";

/**
 * When an entry ceases to be fresh for a reader with a ttl of its own: by the
 * shorter of that and the stored one, both from its creation. Infinite for never.
 */
export function expiryUnder(entry: EntryTimes, ttl: number | null): number {
  return Math.min(entry.expiresAt ?? Infinity, entry.createdAt + (ttl ?? Infinity));
}

/** An entry of a cache with bounds, which may expire because nobody reads it. */
type Read = { residency?: { readAt: number } };

/**
 * When an entry ceases to be fresh for a reader with a ttl of its own, and unless it
 * is read meanwhile. Infinite for never.
 */
export function expiryFor(
  entry: EntryTimes & Read,
  { ttl, idleTtl = Infinity }: Pick<ReadOptions, "ttl" | "idleTtl">,
): number {
  const idleFrom = (entry.residency?.readAt ?? Infinity) + idleTtl;
  return Math.min(expiryUnder(entry, ttl), idleFrom);
}

/** How entries are read by one who knows no options of their cache: by what is stored, and remembered. */
export const AS_STORED: ReadOptions = {
  ttl: null,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  refreshAhead: false,
  errorTtl: Infinity,
};

/** A time as it is told to the app: null for never. */
export const orNever = (time: number): number | null => (time === Infinity ? null : time);

/**
 * Tells how fresh an entry is that was peeked at: `fresh` before `expiresAt`, `stale` before
 * `staleUntil`, `expired` from then on.
 *
 * @param now - In ms since 1970; pass `Date.now()` where a clock may be read.
 *
 * @example
 * const entry = useQuery(api.weather.peek, { place });
 * const grey = entry && freshness(entry, Date.now()) !== "fresh";
 */
export function freshness(
  entry: { expiresAt: number | null; staleUntil: number | null },
  now: number,
): Freshness {
  if (entry.expiresAt === null || now < entry.expiresAt) return "fresh";
  return entry.staleUntil === null || now < entry.staleUntil ? "stale" : "expired";
}

/** What a reader makes of an entry: how it may be served, and whether this reader is to refresh it. */
export type Verdict = {
  freshness: Freshness;
  refresh: boolean;
  /** When it ceases to be fresh for this reader; null for never. */
  expiresAt: number | null;
};

/**
 * The one verdict on an entry, for every fetch: in an action, in a mutation, and
 * on what a claim returned.
 *
 * @param random - From 0 to 1, as `Math.random()` gives it.
 */
export function verdictOn(
  entry: EntryTimes & Read & { fillMs: number | null },
  options: ReadOptions,
  now: number,
  random: number,
): Verdict {
  const expiry = expiryFor(entry, options);
  const expiresAt = orNever(expiry);
  const state = freshness({ expiresAt, staleUntil: expiry + options.staleWhileRevalidate }, now);
  const ahead = state === "fresh" && options.refreshAhead;
  const refresh =
    state === "stale" || (ahead && isDueAhead(entry, expiryUnder(entry, options.ttl), now, random));
  return { freshness: state, refresh, expiresAt };
}

/** How early a refresh may begin: this part of the entry's life before its end. */
const LEAD_OF_LIFE = 0.025;
/** And this many times as long as a fill takes, so that it ends in time however readers come. */
const LEAD_OF_FILL = 2;
/** The mean of the random lead on top, in fills. */
const SPREAD_OF_FILL = 0.5;

/**
 * Whether a reader of a fresh entry should refresh it ahead of its expiry.
 *
 * XFetch ("Optimal Probabilistic Cache Stampede Prevention", Vattani, Chierichetti
 * and Lowenstein, VLDB 2015): the longer the last fill took, the earlier, with a
 * random lead that falls off exponentially. The fixed lead is added so that a
 * refresh that begins within it also ends before the entry expires.
 */
function isDueAhead(
  entry: { createdAt: number; fillMs: number | null },
  expiry: number,
  now: number,
  random: number,
): boolean {
  if (expiry === Infinity) return false;
  const fillMs = entry.fillMs ?? 0;
  const life = expiry - entry.createdAt;
  const lead = Math.min(life / 2, Math.max(fillMs * LEAD_OF_FILL, life * LEAD_OF_LIFE));
  return now + lead - SPREAD_OF_FILL * fillMs * Math.log(1 - random) >= expiry;
}
