/** The clock that the benchmark's functions read, and the timers that they set, which it can hold. */

const real = Date.now.bind(Date);
let ahead = 0;
let heldAt: number | null = null;

const now = () => heldAt ?? real() + ahead;

/** Lets time pass at once. */
export function advance(ms: number): void {
  Date.now = now;
  if (heldAt === null) ahead += ms;
  else heldAt += ms;
}

/** Holds the clock at a time while something runs, so that two runs of it can't differ by that. */
export async function holdClock<T>(at: number, work: () => Promise<T>): Promise<T> {
  heldAt = at;
  Date.now = now;
  try {
    return await work();
  } finally {
    heldAt = null;
  }
}

/** Scheduled functions that wait to be run one at a time. */
export interface HeldTimers {
  /** Starts the next one; false if there is none. */
  next(): boolean;
}

/** Holds back whatever is scheduled while `work` runs, so that it can look at what each step did. */
export async function holdTimers<T>(work: (timers: HeldTimers) => Promise<T>): Promise<T> {
  const original = globalThis.setTimeout;
  const held: (() => void)[] = [];
  globalThis.setTimeout = ((callback: () => void) => held.push(callback)) as never;
  try {
    return await work({
      next() {
        const callback = held.shift();
        callback?.();
        return callback !== undefined;
      },
    });
  } finally {
    globalThis.setTimeout = original;
  }
}
