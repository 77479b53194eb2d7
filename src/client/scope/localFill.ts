import type { Filled } from "../../shared/engine/fill.js";

/** How a fill ended: what came of it, or what the action threw. */
type Ended = { filled: Filled } | { error: unknown };

/** A fill that runs in this context, for those in it who wait for its value. */
export type LocalFill = {
  ended: Promise<Ended>;
  /** Whether it is for the caller to run: of those whose equal claims were granted, for the first. */
  take: () => boolean;
  /** Runs it, and tells those who wait how it ended. */
  run: (work: () => Promise<Filled>) => Promise<Filled>;
};

export function localFill(): LocalFill {
  let end: (how: Ended) => void = () => {};
  let isTaken = false;
  return {
    take: () => !isTaken && (isTaken = true),
    ended: new Promise((resolve) => (end = resolve)),
    run: async (work) => {
      try {
        const filled = await work();
        end({ filled });
        return filled;
      } catch (error) {
        end({ error });
        throw error;
      }
    },
  };
}
