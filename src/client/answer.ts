import type { Verdict } from "../shared/freshness.js";
import type { Entry } from "../shared/protocol.js";
import type { Cache } from "./cache.js";
import type { LogEvent } from "../shared/events.js";
import { readValue } from "./checkValue.js";

/** A value, where it came from, and what to log of it; times in ms since 1970. */
export type Answer = {
  value: unknown;
  status: "hit" | "stale" | "filled" | "coalesced";
  createdAt: number;
  /** When it ceases to be fresh; null for never. */
  expiresAt: number | null;
  event: Pick<LogEvent, "get" | "put" | "reason" | "fillMs">;
  /** What is known of the stored entry that was served. */
  served?: Pick<Entry, "fillMs" | "residency">;
};

/** Answers with what is stored; null where that can't be read or is of another shape, which is a miss. */
export function answerWith(
  cache: Cache,
  { content, createdAt, fillMs, residency }: Omit<Entry, "id" | "expiresAt" | "expired">,
  { expiresAt }: Pick<Verdict, "expiresAt">,
  status: Answer["status"],
  event: Answer["event"],
): Answer | null {
  const read = readValue(cache, content);
  if (read.unusable !== null) return null;
  const served = { fillMs, residency };
  return { value: read.value, status, createdAt, expiresAt, event, served };
}
