/** Virtual time for tests that run on convex-test. */
import { setImmediate } from "node:timers";
import { afterEach, beforeEach, vi } from "vitest";

// Taken before any test installs fake timers.
const realSetImmediate = setImmediate;

/** How many digests are under way. */
let digesting = 0;

const { subtle } = globalThis.crypto;
const realDigest = subtle.digest.bind(subtle);

// All else that functions await is done when the microtasks are; a digest is computed by another thread.
subtle.digest = async (...args) => {
  digesting += 1;
  try {
    return await realDigest(...args);
  } finally {
    digesting -= 1;
  }
};

/** Lets everything run that can run without time passing, on however busy a machine. */
async function quiesce(activity: () => number): Promise<void> {
  for (let before = NaN; digesting > 0 || activity() !== before;) {
    before = activity();
    await turn();
  }
}

/** One turn of the real event loop, before which all microtasks run. */
const turn = () => new Promise<void>((resolve) => realSetImmediate(resolve));

/**
 * Lets virtual time pass from one timer to the next, and each of them do all
 * that it sets off, before time goes on.
 */
export async function advance(ms: number, activity: () => number): Promise<void> {
  await quiesce(activity);
  await passUntilOwnTimer(ms, activity);
  // Timers that were set meanwhile, and are due by now.
  while ((await passUntilOwnTimer(0, activity)) > 1);
}

/** Fires timers up to one of its own, that comes last of those due by then. Returns how many. */
async function passUntilOwnTimer(ms: number, activity: () => number): Promise<number> {
  let reached = false;
  setTimeout(() => (reached = true), ms);
  let fired = 0;
  for (; !reached; fired++) {
    vi.advanceTimersToNextTimer();
    await quiesce(activity);
  }
  return fired;
}

/** Gives each test of a file virtual time that begins at `now`, and, `quietly`, no warnings on the console. */
export function virtualTime(now: number, { quietly = false } = {}): void {
  beforeEach(() => {
    vi.useFakeTimers({ now });
    if (quietly) vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}
