import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import { eventOf, type LogEvent } from "../shared/events.js";
import { returned } from "./userFunctions.js";

/** Reports what became of a call, as its cache's `log` option asks. A logger that fails costs no one a value. */
export function report(cache: Cache, what: Omit<LogEvent, "type" | "name" | "tenant">): void {
  const event = eventOf(cache, what);
  const { log } = cache.config;
  const failed = (error: unknown) =>
    cache.warnings.warn(
      "log",
      `the \`log\` function failed, so events are lost: ${messageOf(error)}. It must not throw or reject.`,
    );
  try {
    if (typeof log === "function") returned(log(event), failed);
    else if (log) console.log(JSON.stringify(event));
  } catch (error) {
    failed(error);
  }
}
