import { MINUTE, SECOND } from "./time.js";

/** How long a lease holds without a heartbeat, in ms: a crashed fill is taken over within 30 s. */
export const LEASE_MS = 20 * SECOND;

/** How often the holder of a lease renews it, in ms; two beats may be lost. */
export const heartbeatMs = (leaseMs: number) => 0.3 * leaseMs;

/** How long it is kept how a fill ended, in ms. */
export const OUTCOME_MS = MINUTE;

/** After a background fill that failed or stored nothing, none follows for at least this time, in ms. */
export const MIN_RETRY_MS = SECOND;
