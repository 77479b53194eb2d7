import { alarm } from "./alarm.js";
import { heartbeatMs, LEASE_MS } from "../leaseTimes.js";
import { messageOf } from "../wireErrors.js";

/** Holds a lease by its token while `work` runs; ends with no heartbeat left under way. */
export type During = <T>(token: string, work: () => Promise<T>) => Promise<T>;

/**
 * Keeps leases of one context, such as those of its fills, with one heartbeat for all of them.
 *
 * It beats when a timer has rung, whatever the clock says: a clock that stands,
 * or that is a millisecond behind the timer, must not cost a live fill its lease.
 *
 * @param renew - Renews leases by their tokens, and resolves to those that are still held.
 * @param onLost - Called when a beat fails.
 * @param leaseMs - How long the leases hold without a heartbeat.
 */
export function heartbeat(
  renew: (tokens: string[]) => Promise<string[]>,
  onLost: (error: unknown) => void = () => {},
  leaseMs = LEASE_MS,
): During {
  const held = new Set<string>();
  const { sleep, wake } = alarm();
  let isBeating = false;
  /** The renewal that is under way, or was the last. */
  let renewing = Promise.resolve();

  async function beat(): Promise<void> {
    isBeating = true;
    while (held.size > 0) {
      const rang = await sleep(heartbeatMs(leaseMs));
      if (!rang || held.size === 0) continue;
      renewing = renewAll();
      await renewing;
    }
    isBeating = false;
  }

  async function renewAll(): Promise<void> {
    const tokens = [...held];
    try {
      const kept = await renew(tokens);
      for (const token of tokens) if (!kept.includes(token)) held.delete(token);
    } catch (error) {
      // A beat that is lost is made good by the next, or the lease lapses.
      onLost(error);
    }
  }

  return async (token, work) => {
    held.add(token);
    if (!isBeating) void beat();
    try {
      return await work();
    } finally {
      held.delete(token);
      if (held.size === 0) wake();
      await renewing;
    }
  };
}

/** What to warn of when a heartbeat fails. */
export function lostHeartbeat(error: unknown): [kind: string, message: string] {
  const message =
    `a heartbeat failed: ${messageOf(error)}. If three in a row do, another caller runs the ` +
    "action too, and this value is not stored. Look at the component's errors in the logs.";
  return ["heartbeat", message];
}
