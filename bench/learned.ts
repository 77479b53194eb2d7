/**
 * What a learned ttl is worth: how many reads are stale at the same number of runs, by a ttl that is
 * learned, by the best one for all entries, and by one that knows each entry's future.
 */
import { learnedTtl, type TtlBounds } from "../src/shared/learnedTtl.js";

/** In minutes. */
const HORIZON = 14 * 24 * 60;
const ENTRIES = 400;
const READS_EVERY = 5;
const BOUNDS: TtlBounds = { min: 10, max: 24 * 60 };

/** When an entry changes and when it is read, in order. */
type Entry = { changes: number[]; reads: number[] };

/** What a policy costs, and what it costs the readers. */
type Outcome = { runs: number; stale: number; reads: number };

/** How long the next value is fresh, by what became of the one before. */
type Policy = (previous: { ttl: number; isSame: boolean } | null) => number;

/** Numbers from 0 to 1 that are the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const exponential = (random: Random, mean: number) => -mean * Math.log(1 - random());
const logUniform = (random: Random, from: number, to: number) => from * (to / from) ** random();

/** The times of events up to the horizon, each so long after the one before. */
function timesOf(interval: () => number, first: number = interval()): number[] {
  const times: number[] = [];
  for (let time = first; time < HORIZON; time += interval()) times.push(time);
  return times;
}

/** How entries change: each population mixes those that do often with those that do seldom. */
const POPULATIONS = {
  Poisson: (random: Random) => {
    const mean = logUniform(random, 15, 15_000);
    return timesOf(() => exponential(random, mean));
  },
  bursty: (random: Random) => {
    const quiet = logUniform(random, 60, 10_000);
    let left = 0;
    return timesOf(() => {
      if (left-- > 0) return exponential(random, 15);
      left = Math.floor(exponential(random, 10));
      return exponential(random, quiet);
    });
  },
  periodic: (random: Random) => {
    const period = logUniform(random, 15, 10_000);
    return timesOf(() => period, random() * period);
  },
};

export type Population = keyof typeof POPULATIONS;
export const populations = Object.keys(POPULATIONS) as Population[];

function entriesOf(population: Population, seed: number): Entry[] {
  const random = randomNumbers(seed);
  return Array.from({ length: ENTRIES }, () => ({
    changes: POPULATIONS[population](random),
    reads: timesOf(() => exponential(random, READS_EVERY)),
  }));
}

/** Reads one entry as its readers do, each of whom fills it where it is not fresh. */
function simulate({ changes, reads }: Entry, policy: Policy): Outcome {
  let [runs, stale, version] = [0, 0, 0];
  let stored: { version: number; ttl: number; until: number } | null = null;
  for (const now of reads) {
    while (version < changes.length && changes[version]! <= now) version += 1;
    if (stored !== null && now < stored.until) {
      if (stored.version !== version) stale += 1;
      continue;
    }
    runs += 1;
    const ttl = policy(stored && { ttl: stored.ttl, isSame: stored.version === version });
    stored = { version, ttl, until: now + ttl };
  }
  return { runs, stale, reads: reads.length };
}

function sum(outcomes: Outcome[]): Outcome {
  const total = { runs: 0, stale: 0, reads: 0 };
  for (const { runs, stale, reads } of outcomes) {
    total.runs += runs;
    total.stale += stale;
    total.reads += reads;
  }
  return total;
}

/** The fixed ttl that has at least so many runs, and the fewest stale reads of those. */
function bestFixed(entries: Entry[], runs: number): Outcome {
  let [low, high] = [0, HORIZON];
  const all = (ttl: number) => sum(entries.map((entry) => simulate(entry, () => ttl)));
  while (high - low > 0.01) {
    const ttl = (low + high) / 2;
    if (all(ttl).runs >= runs) low = ttl;
    else high = ttl;
  }
  return all(low);
}

/** The ttls that the oracle chooses from for each entry. */
const CHOICES = Array.from({ length: 60 }, (_, index) => logUniform(() => index / 59, 1, HORIZON));

/** The best ttl for each entry by its own future, so that they have at most so many runs together. */
function oracle(entries: Entry[], runs: number): Outcome {
  const outcomes = entries.map((entry) => CHOICES.map((ttl) => simulate(entry, () => ttl)));
  const at = (price: number) =>
    sum(
      outcomes.map((choices) =>
        choices.reduce((best, next) => {
          const costOf = (one: Outcome) => one.stale + price * one.runs;
          return costOf(next) < costOf(best) ? next : best;
        }),
      ),
    );
  let [low, high] = [0, 1000];
  for (let round = 0; round < 40; round++) {
    const price = (low + high) / 2;
    if (at(price).runs > runs) low = price;
    else high = price;
  }
  return at(high);
}

/** The parts of reads that are stale, and that are runs, where the ttl is learned. */
export type Learned = { runs: number; learned: number; fixed: number; oracle: number };

/** Simulates one population, the same each time. */
export function measureLearned(population: Population, seed: number = 1): Learned {
  const entries = entriesOf(population, seed);
  const learned = sum(
    entries.map((entry) => simulate(entry, (previous) => learnedTtl(BOUNDS, previous))),
  );
  const part = ({ stale, reads }: Outcome) => stale / reads;
  return {
    runs: learned.runs / learned.reads,
    learned: part(learned),
    fixed: part(bestFixed(entries, learned.runs)),
    oracle: part(oracle(entries, learned.runs)),
  };
}
