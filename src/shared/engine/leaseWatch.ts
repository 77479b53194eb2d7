import { SECOND } from "../time.js";

/** A lease that has been watched for so long without a heartbeat, in ms of timers that rang. */
export type Watched = { token: string; deadline: number; watchedMs: number };

/** The shortest and the longest time between two polls, in ms. */
const MIN_POLL_MS = 100;
const MAX_POLL_MS = 4.5 * SECOND;
/** The next poll comes after this part of the time that was waited, so a waiter is late by less. */
const POLL_GROWTH = 0.65;

/**
 * Watches another's lease for its heartbeat, and tells when to look at it again.
 *
 * It counts the time by the timers that have rung, and never compares clocks. It takes
 * the lease for lapsed when it has seen no heartbeat for as long as the lease holds.
 */
export class LeaseWatch {
  readonly token: string;
  readonly #ttl: number;
  #deadline: number;
  #leaseMs: number;
  #watchedMs = 0;
  #waitedMs = 0;

  /**
   * @param lease - `leaseMs` is how long it still holds by the clock that it was set by.
   * @param ttl - How long it holds without a heartbeat, in ms.
   * @param before - What was seen of it before, if it is the same.
   */
  constructor(
    lease: { token: string; deadline: number; leaseMs: number },
    ttl: number,
    before?: Watched,
  ) {
    this.token = lease.token;
    this.#deadline = lease.deadline;
    this.#leaseMs = lease.leaseMs;
    this.#ttl = ttl;
    if (before?.token === lease.token && before.deadline === lease.deadline) {
      // By its own clock the lease still holds, but that may stand.
      this.#watchedMs = before.watchedMs;
      this.#leaseMs = ttl;
    }
  }

  /**
   * After how long to look again, in whole ms: a timer cuts off the rest, and would ring
   * before the time that is counted. With some chance, so that many waiters don't poll at once.
   */
  nextDelay(): number {
    const growing = Math.min(Math.max(this.#waitedMs * POLL_GROWTH, MIN_POLL_MS), MAX_POLL_MS);
    const delay = growing * (0.8 + 0.2 * Math.random());
    return Math.ceil(Math.min(delay, Math.max(this.#leaseMs - this.#watchedMs, MIN_POLL_MS)));
  }

  /** Counts a timer that has rung. */
  slept(ms: number): void {
    this.#waitedMs += ms;
    this.#watchedMs += ms;
  }

  /** Takes note of the deadline: one that has moved is a heartbeat. */
  saw(deadline: number): void {
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    this.#leaseMs = this.#ttl;
    this.#watchedMs = 0;
  }

  /** Whether no heartbeat was seen for as long as the lease holds. */
  get isOver(): boolean {
    return this.#watchedMs >= this.#leaseMs;
  }

  get watched(): Watched {
    return { token: this.token, deadline: this.#deadline, watchedMs: this.#watchedMs };
  }
}

/** The evidence that a lease has lapsed, whatever the component's clock says: it was watched for a whole ttl. */
export function evidenceOf(
  watched: Watched | undefined,
  ttl: number,
): { token: string; deadline: number } | undefined {
  if (watched === undefined || watched.watchedMs < ttl) return undefined;
  return { token: watched.token, deadline: watched.deadline };
}
