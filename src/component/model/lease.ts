import { v } from "convex/values";
import { LEASE_MS } from "../../shared/leaseTimes.js";

/**
 * A lease: a row whose id is its owner's token, and that holds something until a
 * deadline, which the owner's heartbeat moves. What it holds, and for how long
 * without a heartbeat (`ttl`, in ms), the row's table says.
 */
export const leaseFields = {
  /** When the lease lapses unless it is renewed; once it was given up, when that was, in ms. */
  deadline: v.number(),
};
type Lease = { _id: string; deadline: number };

/** A lease that its waiter has watched for a lease's time without a heartbeat. */
export type Watched = { token: string; deadline: number };

/** The fields of a lease that is taken now. */
export const takenNow = (ttl = LEASE_MS) => ({ deadline: Date.now() + ttl });

/** The fields of a lease that is given up now. */
export const givenUpNow = () => ({ deadline: Date.now() });

/**
 * The fields of a lease that is renewed now. Its deadline always moves, even under a
 * clock that stands or was set back: by that a waiter tells a live owner from a crashed one.
 */
export const renewedNow = ({ deadline }: Pick<Lease, "deadline">, ttl = LEASE_MS) => ({
  deadline: Math.max(Date.now() + ttl, deadline + 1),
});

/** Whether a lease has lapsed, by the clock or by the word of who has watched it. */
export function hasLapsed(lease: Lease, watched?: Watched): boolean {
  const wasWatched = watched?.token === lease._id && watched.deadline === lease.deadline;
  return wasWatched || lease.deadline <= Date.now();
}

/** How long a lease still holds unless it is renewed, in ms. */
export const msLeft = ({ deadline }: Pick<Lease, "deadline">, ttl = LEASE_MS) =>
  Math.min(Math.max(0, deadline - Date.now()), ttl);
