/** The bounds of a ttl that is learned from how often a value changes, in ms. */
export type TtlBounds = { min: number; max: number };

/**
 * How long a value is fresh, by what became of the one before: additive increase,
 * multiplicative decrease. A value that is found unchanged is looked at ever less
 * often, and one that changed twice as often as before.
 *
 * @param previous - How long the value before was fresh (ms), and whether it is the
 * same as this; null where there was none.
 */
export function learnedTtl(
  { min, max }: TtlBounds,
  previous: { ttl: number; isSame: boolean } | null,
): number {
  if (previous === null) return min;
  const { ttl, isSame } = previous;
  return Math.min(Math.max(isSame ? ttl + min : ttl / 2, min), max);
}
