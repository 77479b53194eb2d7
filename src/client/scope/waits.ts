import { sleep } from "../../shared/engine/alarm.js";
import { LeaseWatch, type Watched } from "../../shared/engine/leaseWatch.js";
import { LEASE_MS } from "../../shared/leaseTimes.js";
import type { HeldLease, LookupResult } from "../../shared/fillProtocol.js";
import type { Entry, EntryKey } from "../../shared/protocol.js";
import { SECOND } from "../../shared/time.js";
import { errorFromWire } from "../../shared/wireErrors.js";

/** How the fill ended that somebody waited for. */
export type FillOutcome =
  /** It was stored; the entry may be a later one. `expired`, if the entry was expired meanwhile. */
  | { kind: "stored"; entry: Entry; expired: boolean }
  /** Its action threw. */
  | { kind: "failed"; error: Error }
  /** It has a value that is not shared, or can't be polled: its waiters run the action themselves. */
  | { kind: "unshared"; error?: unknown }
  /** It was voided, came too late, or its holder is gone: its waiters claim anew. */
  | { kind: "lost"; watched?: Watched };

/** A lease that goes from one forced refresh to the next is followed so often. */
const MAX_FOLLOWED = 2;
/** A waiter that has waited this long says so, in ms. */
const LONG_WAIT_MS = 30 * SECOND;

/**
 * Waits until a fill has ended that runs elsewhere, or its lease has lapsed. The polls
 * of a fill grow with the logarithm of its length.
 */
export async function waitForFill(
  poll: (entryKey: EntryKey, token: string) => Promise<LookupResult>,
  entryKey: EntryKey,
  held: HeldLease,
  onLongWait: () => void,
  watched?: Watched,
): Promise<FillOutcome> {
  let watch = new LeaseWatch(held, LEASE_MS, watched);
  let waitedMs = 0;
  let followed = 0;
  for (;;) {
    const delay = watch.nextDelay();
    await sleep(delay);
    waitedMs += delay;
    watch.slept(delay);
    if (waitedMs >= LONG_WAIT_MS) onLongWait();
    let status: LookupResult;
    try {
      status = await poll(entryKey, watch.token);
    } catch (error) {
      if (watch.isOver) return { kind: "unshared", error };
      continue;
    }
    const { fill } = status;
    if (fill?.state === "running") {
      watch.saw(fill.deadline);
      if (!watch.isOver) continue;
      return { kind: "lost", watched: watch.watched };
    }
    if (fill?.successor === undefined || followed === MAX_FOLLOWED) return outcomeOf(status);
    followed += 1;
    watch = new LeaseWatch({ token: fill.successor, deadline: 0, leaseMs: LEASE_MS }, LEASE_MS);
  }
}

/** A fill that is only scheduled is lost too: who claims it anew need not wait for the queue. */
function outcomeOf({ fill, entry }: LookupResult): FillOutcome {
  if (fill?.state === "stored" && entry !== null) {
    return { kind: "stored", entry, expired: fill.expired || entry.expired };
  }
  if (fill?.state === "failed" && fill.error !== undefined) {
    return { kind: "failed", error: errorFromWire(fill.error) };
  }
  return { kind: fill?.state === "skipped" ? "unshared" : "lost" };
}
