/**
 * `count` draws from `items`, the first being the most popular: the one at rank r is drawn with a
 * frequency of 1/r, as Zipf found for words, and others since for the pages and places people ask for.
 */
export function zipfTraffic<Item>(items: Item[], count: number, seed: number): Item[] {
  const random = seededRandom(seed);
  let total = 0;
  const cumulated = items.map((_, index) => (total += 1 / (index + 1)));
  return Array.from({ length: count }, () => {
    const drawn = random() * total;
    return items[cumulated.findIndex((upTo) => drawn < upTo)]!;
  });
}

/** Numbers from 0 to 1, the same ones for the same seed, so that runs can be compared (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
