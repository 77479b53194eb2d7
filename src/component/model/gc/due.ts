import { OUTCOME_MS } from "../../../shared/leaseTimes.js";
import { MINUTE } from "../../../shared/time.js";

/** What ended less than this ago is left alone: live traffic replaces it. */
export const QUIET_MS = 5 * MINUTE;

/** Up to when what has ended may be deleted, in ms. */
export const quietSince = () => Date.now() - QUIET_MS;

/** The purge of fills that nobody waits for any more, and then of failures. */
export const dueOutcomes = () => ({ table: "fills" as const, until: quietSince() - OUTCOME_MS });
