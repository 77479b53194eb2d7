import { describe, refusal } from "../shared/errors.js";
import { MAX_LOCK_TTL_MS, MAX_TAG_LENGTH, MIN_LOCK_TTL_MS } from "../shared/limits.js";
import { isActionContext, type MutationContext, type QueryContext } from "./contexts.js";
import { isDuration, isLabel } from "./validate.js";

const LABEL = `Give a string of 1 to ${MAX_TAG_LENGTH} characters, none of them cut in half`;

/** Refuses the options of a lock that are out of their range. */
export function checkOptions(name: unknown, ttl: unknown): void {
  if (!isLabel(name)) {
    const remedy = `${LABEL}, that says what such locks protect.`;
    throw refusal({ code: "INVALID_NAME", option: "the `name` of a lock", value: name, remedy });
  }
  const isInRange = isDuration(ttl) && ttl >= MIN_LOCK_TTL_MS && ttl <= MAX_LOCK_TTL_MS;
  if (isInRange) return;
  const range = `from ${MIN_LOCK_TTL_MS} to ${MAX_LOCK_TTL_MS}`;
  const remedy = `Give a number of milliseconds ${range}, or leave it out for one minute.`;
  throw refusal({ code: "INVALID_TTL", lock: name, option: "`ttl`", value: ttl, remedy });
}

/** Refuses keys that are empty, no strings, or too long. */
export function checkKey(lock: string, key: unknown, option = "the key"): void {
  if (isLabel(key)) return;
  const remedy = `${LABEL}, such as the id of the document that the lock protects.`;
  throw refusal({ code: "INVALID_KEY", lock, option, value: key, remedy });
}

/** Refuses what can't be a token. Whether it is the owner's, only the lock's row tells. */
export function checkToken(lock: string, token: unknown): void {
  if (typeof token === "string" && token !== "") return;
  const remedy = "Give what `acquire` resolved to; where that is null, the lock is not yours.";
  throw refusal({ code: "INVALID_TOKEN", lock, option: "the token", value: token, remedy });
}

/** Refuses a `wait` that is no number of ms from 0, and any in a mutation, which can't wait. */
export function checkWait(lock: string, ctx: MutationContext, wait: unknown): void {
  const refused = (remedy: string) =>
    refusal({ code: "INVALID_WAIT", lock, option: "`wait`", value: wait, remedy });
  if (!isDuration(wait)) throw refused("Give a number of milliseconds from 0, or leave it out.");
  if (wait === 0 || isActionContext(ctx)) return;
  throw refused("A mutation can't wait: leave it out, or acquire the lock in an action.");
}

/** Refuses a context that can't do what is called. */
export function checkContext(
  lock: string,
  ctx: QueryContext,
  method: string,
  where: "an action or a mutation" | "an action" | "a mutation",
): void {
  const isAction = isActionContext(ctx);
  const isMutation = !isAction && "runMutation" in ctx && ctx.runMutation !== undefined;
  if ((isAction && where !== "a mutation") || (isMutation && where !== "an action")) return;
  const remedies = {
    "an action or a mutation": "a query can only `check` and `list`.",
    "an action": "a mutation can `acquire` the lock, and keeps it until it is released or lapses.",
    "a mutation": "that whose writes the lock protects.",
  };
  throw refusal({
    code: "WRONG_CONTEXT",
    lock,
    option: `the context of \`${method}\``,
    value: undefined,
    says: `not that of ${where}`,
    remedy: `Call \`${method}\` in ${where}: ${remedies[where]}`,
  });
}

/** The error of a lock that could not be had in time. */
export function notAcquired(lock: string, key: string, wait: number) {
  return refusal({
    code: "LOCK_NOT_ACQUIRED",
    lock,
    option: "`wait`",
    value: wait,
    says: `${wait} ms, in which ${describe(key)} did not become free`,
    remedy: "Try again later, or give a longer `wait`.",
  });
}

/** The error of a lock that its former owner must not rely on. */
export function lost(lock: string, key: string) {
  return refusal({
    code: "LOCK_LOST",
    lock,
    option: "the token",
    value: undefined,
    says: `not, or no longer, that of the owner of ${describe(key)}`,
    remedy: "Acquire the lock again and start over: another may have written meanwhile.",
  });
}
