import { Alarm } from "./alarm.js";
import { heartbeatMs, LEASE_MS } from "../leaseTimes.js";
import { messageOf } from "../wireErrors.js";

/**
 * Keeps leases of one context, such as those of its fills, with one heartbeat for all of them.
 *
 * It beats when a timer has rung, whatever the clock says: a clock that stands,
 * or that is a millisecond behind the timer, must not cost a live fill its lease.
 */
export class Heartbeat {
  readonly #renew: (tokens: string[]) => Promise<string[]>;
  readonly #onLost: (error: unknown) => void;
  readonly #leaseMs: number;
  readonly #held = new Set<string>();
  readonly #alarm = new Alarm();
  #beating = false;
  /** The renewal that is under way, or was the last. */
  #renewing: Promise<void> = Promise.resolve();

  /**
   * @param renew - Renews leases by their tokens, and resolves to those that are still held.
   * @param onLost - Called when a beat fails.
   * @param leaseMs - How long the leases hold without a heartbeat.
   */
  constructor(
    renew: (tokens: string[]) => Promise<string[]>,
    onLost: (error: unknown) => void = () => {},
    leaseMs = LEASE_MS,
  ) {
    this.#renew = renew;
    this.#onLost = onLost;
    this.#leaseMs = leaseMs;
  }

  /** Holds a lease while `work` runs; ends with no heartbeat left under way. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    this.#held.add(token);
    if (!this.#beating) void this.#beat();
    try {
      return await work();
    } finally {
      this.#held.delete(token);
      if (this.#held.size === 0) this.#alarm.wake();
      await this.#renewing;
    }
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    while (this.#held.size > 0) {
      const rang = await this.#alarm.sleep(heartbeatMs(this.#leaseMs));
      if (!rang || this.#held.size === 0) continue;
      this.#renewing = this.#renewAll();
      await this.#renewing;
    }
    this.#beating = false;
  }

  async #renewAll(): Promise<void> {
    const tokens = [...this.#held];
    try {
      const kept = await this.#renew(tokens);
      for (const token of tokens) if (!kept.includes(token)) this.#held.delete(token);
    } catch (error) {
      // A beat that is lost is made good by the next, or the lease lapses.
      this.#onLost(error);
    }
  }
}

/** What to warn of when a heartbeat fails. */
export function lostHeartbeat(error: unknown): [kind: string, message: string] {
  const message =
    `a heartbeat failed: ${messageOf(error)}. If three in a row do, another caller runs the ` +
    "action too, and this value is not stored. Look at the component's errors in the logs.";
  return ["heartbeat", message];
}
