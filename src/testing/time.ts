/** Virtual time for tests that run on convex-test, whose functions take turns of the real event loop. */
import { vi } from "vitest";

// Taken before any test installs fake timers.
const realSetTimeout = globalThis.setTimeout;

const STEP_MS = 500;

/** Lets everything run that can run without time passing. */
export async function quiesce(activity: () => number): Promise<void> {
  for (let quiet = 0, before = activity(); quiet < 3; quiet++) {
    await turn();
    const now = activity();
    if (now !== before) quiet = -1;
    before = now;
  }
}

/** One turn of the real event loop, in which digests that are under way end as well. */
async function turn(): Promise<void> {
  await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  await new Promise((resolve) => realSetTimeout(resolve, 0));
}

/** Lets virtual time pass in small steps, and what it sets off run in between. */
export async function advance(ms: number, activity: () => number): Promise<void> {
  await quiesce(activity);
  for (let left = ms; left > 0; left -= STEP_MS) {
    await vi.advanceTimersByTimeAsync(Math.min(left, STEP_MS));
    await quiesce(activity);
  }
}
