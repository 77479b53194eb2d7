/** The times of an entry that its freshness follows from, in ms. */
export type EntryTimes = {
  createdAt: number;
  /** When the value ceases to be fresh; null for never. */
  expiresAt: number | null;
};

/**
 * When an entry ceases to be fresh for a reader with a ttl of his own: by the
 * shorter of that and the stored one, both from its creation. Infinite for never.
 */
export function expiryUnder(entry: EntryTimes, ttl: number | null): number {
  const stored = entry.expiresAt ?? Infinity;
  const wanted = entry.createdAt + (ttl ?? Infinity);
  return wanted < stored ? wanted : stored;
}
