import { SECOND } from "../time.js";

/** A lease that has been watched for so long without a heartbeat, in ms of timers that rang. */
export type Watched = { token: string; deadline: number; watchedMs: number };

/** The shortest and the longest time between two polls, in ms. */
const MIN_POLL_MS = 100;
const MAX_POLL_MS = 4.5 * SECOND;
/** The next poll comes after this part of the time that was waited, so a waiter is late by less. */
const POLL_GROWTH = 0.65;

/** A lease as it was seen first; `leaseMs` is how long it still holds by the clock that it was set by. */
type Lease = { token: string; deadline: number; leaseMs: number };

/** What is known of another's lease that is being watched. */
export type LeaseWatch = {
  token: string;
  /**
   * After how long to look again, in whole ms: a timer cuts off the rest, and would ring
   * before the time that is counted. With some chance, so that many waiters don't poll at once.
   */
  nextDelay: () => number;
  /** Counts a timer that has rung. */
  slept: (ms: number) => void;
  /** Takes note of the deadline: one that has moved is a heartbeat. */
  saw: (deadline: number) => void;
  /** Whether no heartbeat was seen for as long as the lease holds. */
  isOver: () => boolean;
  watched: () => Watched;
};

/**
 * Watches another's lease for its heartbeat, and tells when to look at it again.
 *
 * It counts the time by the timers that have rung, and never compares clocks. It takes
 * the lease for lapsed when it has seen no heartbeat for as long as the lease holds.
 *
 * @param ttl - How long it holds without a heartbeat, in ms.
 * @param before - What was seen of it before, if it is the same.
 */
export function watchLease(lease: Lease, ttl: number, before?: Watched): LeaseWatch {
  const { token } = lease;
  let { deadline, leaseMs } = lease;
  let watchedMs = 0;
  let waitedMs = 0;
  if (before?.token === token && before.deadline === deadline) {
    // By its own clock the lease still holds, but that may stand.
    watchedMs = before.watchedMs;
    leaseMs = ttl;
  }
  return {
    token,
    nextDelay: () => {
      const growing = Math.min(Math.max(waitedMs * POLL_GROWTH, MIN_POLL_MS), MAX_POLL_MS);
      const delay = growing * (0.8 + 0.2 * Math.random());
      return Math.ceil(Math.min(delay, Math.max(leaseMs - watchedMs, MIN_POLL_MS)));
    },
    slept: (ms) => {
      waitedMs += ms;
      watchedMs += ms;
    },
    saw: (seen) => {
      if (seen === deadline) return;
      deadline = seen;
      leaseMs = ttl;
      watchedMs = 0;
    },
    isOver: () => watchedMs >= leaseMs,
    watched: () => ({ token, deadline, watchedMs }),
  };
}

/** The evidence that a lease has lapsed, whatever the component's clock says: it was watched for a whole ttl. */
export function evidenceOf(
  watched: Watched | undefined,
  ttl: number,
): { token: string; deadline: number } | undefined {
  if (watched === undefined || watched.watchedMs < ttl) return undefined;
  return { token: watched.token, deadline: watched.deadline };
}
