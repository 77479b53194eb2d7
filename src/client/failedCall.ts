import { messageOf } from "../shared/wireErrors.js";
import type { FetchCall } from "./fetchCall.js";

/** Says why a call of the component failed, for which the action runs uncached. */
export function warnOfFailedCall(
  { cache, keyFailed }: FetchCall,
  what: "lookup" | "claim",
  error: unknown,
): void {
  const message = messageOf(error);
  if (keyFailed) {
    const remedy = "Return a Convex value for all arguments.";
    cache.warnings.warn("key", `\`key\` fails, so the action runs uncached: ${message}. ${remedy}`);
    return;
  }
  cache.warnings.warn(
    what,
    `a ${what} failed, so the action runs uncached: ${message}. If the component is not ` +
      "installed, add `app.use(cache)` to convex/convex.config.ts; in a test, call `register(t)`.",
  );
}
