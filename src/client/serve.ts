import type { ScheduleRequest } from "../shared/fillProtocol.js";
import type { Entry } from "../shared/protocol.js";
import { messageOf } from "../shared/wireErrors.js";
import { type Answer, answerWith } from "./answer.js";
import type { FetchCall } from "./fetchCall.js";
import type { FetchScope } from "./scope/scope.js";

/**
 * Serves an entry that is fresh, or stale within its window, and sees to its
 * refresh. Resolves to null where it may not be served.
 *
 * @param isFailed - Whether a failure is remembered, which keeps it from being refreshed.
 */
export async function serve(
  scope: FetchScope,
  call: FetchCall,
  entry: Entry,
  isFailed: boolean = false,
): Promise<Answer | null> {
  const verdict = call.verdict(entry);
  if (verdict.freshness === "expired") return null;
  const status = verdict.freshness === "fresh" ? "hit" : "stale";
  const answer = answerWith(call.cache, entry, verdict, status, { get: status });
  if (answer !== null && verdict.refresh && !isFailed) {
    await scheduleRefresh(scope, call, call.scheduleRequest({ seen: entry.id }));
  }
  return answer;
}

/** Serves an entry in place of an error: within the window for that, or if it has come since. */
export function serveOnError(call: FetchCall, entry: Entry, reason: string): Answer | null {
  const verdict = call.verdict(entry);
  const { staleIfError } = call.readOptions;
  if (Date.now() >= (verdict.expiresAt ?? Infinity) + staleIfError) return null;
  const status = verdict.freshness === "fresh" ? "hit" : "stale";
  return answerWith(call.cache, entry, verdict, status, { get: status, reason });
}

/** Schedules a background fill, unless one is under way. It failing costs the caller nothing. */
export async function scheduleRefresh(
  scope: FetchScope,
  call: FetchCall,
  request: Promise<ScheduleRequest>,
): Promise<void> {
  try {
    await scope.schedule(request);
  } catch (error) {
    call.cache.warnings.warn(
      "schedule",
      `a refresh could not be scheduled: ${messageOf(error)}. Values are served until they ` +
        "expire, and then computed while a caller waits. Look at the component's errors in the logs.",
    );
  }
}
