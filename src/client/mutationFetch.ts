import { isCacheError } from "../shared/errors.js";
import { readValue } from "./checkValue.js";
import type { MutationContext } from "./contexts.js";
import { warnOfFailedCall } from "./failedCall.js";
import type { FetchCall } from "./fetchCall.js";
import { report } from "./log.js";
import { reportHit } from "./hits.js";
import { mutationScopeOf } from "./scope/scope.js";

/**
 * Fetches in a mutation, which can't run the action: resolves to the stored value
 * if it is fresh, or stale within its window, and else to null. A refresh of what is
 * not fresh is scheduled in the mutation's transaction. Fetches of one tick and
 * context cost one nested call together. Where the cache fails, there is no value.
 */
export async function fetchInMutation<Result>(
  ctx: MutationContext,
  call: FetchCall,
): Promise<Result | null> {
  call.checkBackground("`fetch` in a mutation");
  const scope = mutationScopeOf(ctx, call.cache);
  try {
    const { content, get, fillMs } = await scope.fetch(call.mutationFetch());
    const read = content && readValue(call.cache, content);
    if (read?.unusable) {
      // The component knows no shapes: it took the entry for one to serve.
      await scope.schedule(call.scheduleRequest({}));
      report(call.cache, { get: "miss" });
      return null;
    }
    report(call.cache, { get });
    if (read === null) return null;
    const { value } = read;
    await reportHit(scope, call, { value, event: { get }, served: { fillMs } });
    return value as Result;
  } catch (error) {
    // What the caller got wrong is for the caller to mend.
    if (isCacheError(error) && !call.keyFailed) throw error;
    warnOfFailedCall(call, "fetch", error);
    report(call.cache, { get: "miss" });
    return null;
  }
}
