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
