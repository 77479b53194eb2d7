/** Seeded workloads for caches with bounds: lists of keys, in the order in which they are asked for. */

/** Random numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from 0 to `keys`, the nth of which is drawn in proportion to 1 / n^0.9. */
function zipf(keys: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let n = 1; n <= keys; n++) sums.push((sums.at(-1) ?? 0) + n ** -0.9);
  return () => {
    const drawn = random() * sums.at(-1)!;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

export const workloads = {
  zipf: (_: number, next: () => number) => () => next(),
  /** A quarter of the time, keys that nobody asks for again soon, one after the other. */
  scans: (keys: number, next: () => number) => {
    let scanned = 0;
    return (n: number) => (n % 2000 < 1500 ? next() : keys + (scanned++ % keys));
  },
  "one-hit": (keys: number, next: () => number, random: () => number) => {
    let once = keys;
    return () => (random() < 0.3 ? once++ : next());
  },
  /** What is popular changes by a tenth of the keys every so often. */
  shifting: (keys: number, next: () => number) => (n: number) =>
    (next() + Math.floor(n / 2500) * Math.ceil(keys / 10)) % keys,
} satisfies Record<
  string,
  (keys: number, next: () => number, random: () => number) => (n: number) => number
>;
export type Workload = keyof typeof workloads;

/** The keys of a workload. */
export function requestsOf(
  workload: Workload,
  { keys, requests, seed }: { keys: number; requests: number; seed: number },
): number[] {
  const random = randomFrom(seed);
  const key = workloads[workload](keys, zipf(keys, random), random);
  return Array.from({ length: requests }, (_, n) => key(n));
}

/** How many of the requests an exact LRU cache of that many entries answers. */
export function hitsOfLru(requests: number[], capacity: number): number {
  const stored = new Set<number>();
  let hits = 0;
  for (const key of requests) {
    if (stored.delete(key)) hits += 1;
    stored.add(key);
    if (stored.size > capacity) stored.delete(stored.values().next().value!);
  }
  return hits;
}
