import { sleep } from "../../shared/engine/alarm.js";
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

/** A lease that has been watched for so long without a heartbeat, in ms of timers that rang. */
export type Watched = { token: string; deadline: number; watchedMs: number };

/** The shortest and the longest time between two polls, in ms. */
const MIN_POLL_MS = 100;
const MAX_POLL_MS = 4.5 * SECOND;
/** The next poll comes after this part of the time that the fill has run, so a waiter is late by less. */
const POLL_GROWTH = 0.65;
/** A lease that goes from one forced refresh to the next is followed so often. */
const MAX_FOLLOWED = 2;
/** A waiter that has waited this long says so, in ms. */
const LONG_WAIT_MS = 30 * SECOND;

/**
 * Waits until a fill has ended that runs elsewhere.
 *
 * The waiter counts the time by the timers that have rung, and never compares
 * clocks. It takes a lease for lapsed when it has seen no heartbeat for as long as
 * the lease holds. The polls of a fill grow with the logarithm of its length.
 */
export async function waitForFill(
  poll: (entryKey: EntryKey, token: string) => Promise<LookupResult>,
  entryKey: EntryKey,
  held: HeldLease,
  onLongWait: () => void,
  watched?: Watched,
): Promise<FillOutcome> {
  let { token, deadline, leaseMs } = held;
  /** How long it has waited at all, for this fill, and since it saw a heartbeat. */
  let waitedMs = 0;
  let ranMs = 0;
  let watchedMs = 0;
  if (watched?.token === token && watched.deadline === deadline) {
    // By its own clock the lease still holds, but that may stand.
    watchedMs = watched.watchedMs;
    leaseMs = LEASE_MS;
  }
  let followed = 0;
  for (;;) {
    const delay = Math.min(nextPoll(ranMs), Math.max(leaseMs - watchedMs, MIN_POLL_MS));
    await sleep(delay);
    waitedMs += delay;
    ranMs += delay;
    watchedMs += delay;
    if (waitedMs >= LONG_WAIT_MS) onLongWait();
    let status: LookupResult;
    try {
      status = await poll(entryKey, token);
    } catch (error) {
      if (watchedMs >= leaseMs) return { kind: "unshared", error };
      continue;
    }
    const { fill } = status;
    if (fill?.state === "running") {
      if (fill.deadline !== deadline) {
        deadline = fill.deadline;
        leaseMs = LEASE_MS;
        watchedMs = 0;
      }
      if (watchedMs < leaseMs) continue;
      return { kind: "lost", watched: { token, deadline, watchedMs } };
    }
    if (fill?.successor === undefined || followed === MAX_FOLLOWED) return outcomeOf(status);
    followed += 1;
    token = fill.successor;
    ranMs = watchedMs = 0;
    leaseMs = LEASE_MS;
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

/** With some chance, so that the waiters of many contexts don't poll at once. */
function nextPoll(ranMs: number): number {
  const delay = Math.min(Math.max(ranMs * POLL_GROWTH, MIN_POLL_MS), MAX_POLL_MS);
  return delay * (0.8 + 0.2 * Math.random());
}
