import type { Verdict } from "../shared/freshness.js";
import type { Entry } from "../shared/protocol.js";
import { fromWire } from "../shared/wire.js";
import type { LogEvent } from "../shared/events.js";

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

/** Answers with what is stored; null where that can't be read, which is a miss. */
export function answerWith(
  { content, createdAt, fillMs, residency }: Omit<Entry, "id" | "expiresAt" | "expired">,
  { expiresAt }: Pick<Verdict, "expiresAt">,
  status: Answer["status"],
  event: Answer["event"],
): Answer | null {
  try {
    const served = { fillMs, residency };
    return { value: fromWire(content), status, createdAt, expiresAt, event, served };
  } catch {
    return null;
  }
}
