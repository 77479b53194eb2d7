import { messageOf } from "./wireErrors.js";

/**
 * Says on `console.warn` what keeps a cache from caching, or a lock from holding: once
 * per cache or lock and reason, and whatever its `log` is.
 */
export class Warnings {
  readonly #prefix: string;
  readonly #said = new Set<string>();

  constructor(name: string, of: "action cache" | "lock" = "action cache") {
    this.#prefix = `${of} \`${name}\``;
  }

  warn(kind: string, message: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    console.warn(`${this.#prefix}: ${message}`);
  }
}

/** What to warn of when it can't be reported that a fill failed or stored nothing. */
export function unsettled(error: unknown): [kind: string, message: string] {
  const message =
    `how a fill ended could not be recorded: ${messageOf(error)}. Those who wait for it run the ` +
    "action too, and `errorTtl` has no effect. Look at the component's errors in the logs.";
  return ["unsettled", message];
}
