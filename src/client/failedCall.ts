import { messageOf } from "../shared/wireErrors.js";
import type { FetchCall } from "./fetchCall.js";

/** Says why a call of the component failed, for which the action runs uncached. */
export function warnOfFailedCall(
  { cache, keyFailed }: FetchCall,
  what: "lookup" | "claim" | "poll" | "fetch",
  error: unknown,
): void {
  const message = messageOf(error).replace(/\.$/, "");
  if (keyFailed) {
    const remedy = "Return a Convex value for all arguments.";
    cache.warnings.warn("key", `\`key\` fails, so nothing is cached: ${message}. ${remedy}`);
    return;
  }
  const remedy = /not registered|not found|could not find/i.test(message)
    ? "Add `app.use(cache)` to convex/convex.config.ts; in a test, call `register(t)`."
    : "Look at the component's errors in the logs; if it is not installed, add `app.use(cache)`" +
      " to convex/convex.config.ts, and in a test call `register(t)`.";
  cache.warnings.warn(what, `a ${what} failed, so nothing is cached: ${message}. ${remedy}`);
}
