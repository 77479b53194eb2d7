/** An entry as it is stored; times in ms since 1970. */
export type PeekedEntry<Result> = {
  value: Result;
  /** When the value was stored. */
  createdAt: number;
  /** When it ceases to be fresh; null for never. */
  expiresAt: number | null;
  /** Until when it may be served stale; null for no end. */
  staleUntil: number | null;
  /** Until when a fill that runs or is scheduled holds the entry's lease; null if there is none. */
  fillingUntil: number | null;
  /** When it was last read, as far as the bounds of its cache need to know; null without bounds. */
  readAt: number | null;
};

/** What a fetch resolves to, and where it came from; times in ms since 1970. */
export type FetchedEntry<Result> = {
  value: Result;
  /**
   * `hit`: stored and fresh; `stale`: stored and served past its ttl; `filled`:
   * this fetch ran the action; `coalesced`: another one did, at the same time.
   */
  status: "hit" | "stale" | "filled" | "coalesced";
  /** When the value was stored, or computed where it was not stored. */
  createdAt: number;
  /** When it ceases to be fresh; null for never. At once, where it was not stored. */
  expiresAt: number | null;
};
