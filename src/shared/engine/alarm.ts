/** The longest delay that `setTimeout` takes; it rings at once for a longer one. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A delay that `setTimeout` takes as it is meant, in ms. */
const bounded = (ms: number) => Math.min(Math.max(ms, 0), MAX_DELAY_MS) || 0;

/** Resolves when a timer of so many ms has rung. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, bounded(ms)));
}

/** A sleep that can be cut short. */
export type Alarm = {
  /** Sleeps for so many ms. Resolves to whether the timer rang; if not, it was woken. */
  sleep: (ms: number) => Promise<boolean>;
  /** Ends the sleep, if there is one. */
  wake: () => void;
};

export function alarm(): Alarm {
  let wake = () => {};
  return {
    sleep: async (ms) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const rang = await new Promise<boolean>((resolve) => {
        wake = () => resolve(false);
        timer = setTimeout(() => resolve(true), bounded(ms));
      });
      clearTimeout(timer);
      return rang;
    },
    wake: () => wake(),
  };
}
