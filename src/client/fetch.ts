import { isBounded } from "../shared/storing.js";
import type { LookupResult } from "../shared/fillProtocol.js";
import { errorFromWire, messageOf } from "../shared/wireErrors.js";
import type { Answer } from "./answer.js";
import type { FetchedEntry } from "./entries.js";
import type { FetchCall } from "./fetchCall.js";
import { fillOrWait, runAlone } from "./fill.js";
import { warnOfFailedCall } from "./failedCall.js";
import type { FetchScope } from "./scope/scope.js";
import { report } from "./log.js";
import { reportServed } from "./hits.js";
import { serve, serveOnError } from "./serve.js";

/** Fetches one value, and reports what became of it. */
export async function fetchEntry<Result>(
  scope: FetchScope,
  call: FetchCall,
): Promise<FetchedEntry<Result>> {
  const answer = await answerOf(scope, call);
  report(call.cache, answer.event);
  await reportServed(scope, call, answer);
  const { value, status, createdAt, expiresAt } = answer;
  return { value: value as Result, status, createdAt, expiresAt };
}

/**
 * Looks the value up, serves it if it is fresh or may be served
 * stale, and otherwise fills, or waits for whoever is filling.
 *
 * Rejects only with what the action threw: what fails in the cache costs the
 * caller no more than running the action.
 */
async function answerOf(scope: FetchScope, call: FetchCall): Promise<Answer> {
  if (call.refused !== null) {
    return await runAlone(scope, call, `the arguments: ${messageOf(call.refused)}`);
  }
  if (call.force) return await fillOrWait(scope, call, { entry: null, fill: null });
  const looked = await lookUp(scope, call);
  const { entry, failure } = looked;
  const isFailed = failure !== null && Date.now() < failure.until;
  const served = entry && (await serve(scope, call, entry, isFailed));
  if (served !== null) return served;
  if (isFailed) {
    const stale = entry && serveOnError(call, entry, failure.error.message);
    if (stale !== null) return stale;
    throw errorFromWire(failure.error);
  }
  try {
    return await fillOrWait(scope, call, looked);
  } catch (error) {
    if (call.readOptions.staleIfError === 0) throw error;
    // Looked up again, for the entry may have been removed while the action ran.
    const latest = (await lookUp(scope, call)).entry;
    const stale = latest && serveOnError(call, latest, messageOf(error));
    if (stale !== null) return stale;
    throw error;
  }
}

/** Looks up the entry, and whether a failure is remembered; a lookup that fails finds nothing. */
async function lookUp(scope: FetchScope, call: FetchCall): Promise<LookupResult> {
  try {
    return await scope.lookUp(lookupOf(call));
  } catch (error) {
    warnOfFailedCall(call, "lookup", error);
    return { entry: null, fill: null, failure: null };
  }
}

async function lookupOf(call: FetchCall) {
  const entryKey = await call.entryKey();
  return {
    ...entryKey,
    failures: call.failures,
    residency: isBounded(call.cache.config),
  };
}
