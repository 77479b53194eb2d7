import { uncarry } from "../shared/carry.js";
import type { LogEvent } from "./log.js";
import type { Policy } from "./policy.js";
import type { Entry } from "./session.js";

/** A fetched value, and how it was come by; times in ms since 1970. */
export type Fetched = {
  value: unknown;
  status: "hit" | "stale" | "filled" | "coalesced";
  createdAt: number;
  expiresAt: number | null;
  event: Pick<LogEvent, "get" | "put" | "reason">;
};

/** The value of an entry, or null if it can't be unpacked. */
export function read(
  policy: Policy,
  entry: Entry,
  status: Fetched["status"],
  event: Fetched["event"],
): Fetched | null {
  const expiry = policy.expiryOf(entry);
  const expiresAt = expiry === Infinity ? null : expiry;
  try {
    const value = uncarry(entry.content);
    return { value, status, createdAt: entry.createdAt, expiresAt, event };
  } catch {
    return null;
  }
}
