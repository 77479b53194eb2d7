import type { Value } from "convex/values";
import { refusal } from "../../shared/errors.js";
import {
  MAX_BATCH_SIZE,
  MAX_LOCK_TTL_MS,
  MAX_RECIPE_BYTES,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  MIN_LOCK_TTL_MS,
} from "../../shared/limits.js";
import type { FillResult } from "../../shared/fillProtocol.js";
import type { AcquireRequest } from "../../shared/lockProtocol.js";
import type { Runner, StoreOptions, Tracking, Wire } from "../../shared/protocol.js";
import { fromJson } from "../../shared/wire.js";

/**
 * Refuses what no client sends, but who calls a function of the component by hand
 * may: it would be stored, and do its harm later.
 */
function refused(cache: string | undefined, option: string, value: unknown, remedy: string) {
  return refusal({ code: "INVALID_REQUEST", cache, option: `\`${option}\``, value, remedy });
}

/** Refuses durations that are negative or no numbers; null is none. */
export function checkDurations(
  cache: string,
  durations: { [option: string]: number | null | undefined },
): void {
  for (const [option, ms] of Object.entries(durations)) {
    if (ms === null || ms === undefined || ms >= 0) continue;
    throw refused(cache, option, ms, "Give a number of milliseconds from 0.");
  }
}

/** Refuses content that nobody could read again. Of large content, only whether it is JSON is looked at. */
export function checkContent(cache: string, option: string, content: Wire): void {
  if (!("json" in content)) return;
  try {
    if (content.json.length > MAX_RECIPE_BYTES) JSON.parse(content.json);
    else fromJson(content.json);
  } catch {
    throw refused(cache, `${option}.json`, content.json, "Give Convex's JSON of a value.");
  }
}

/** Refuses tags and tenant ids that are empty or too long, and too many of them. */
export function checkLabels(cache: string | undefined, option: string, labels: string[]): void {
  const invalid = labels.find((label) => label.length === 0 || label.length > MAX_TAG_LENGTH);
  if (invalid !== undefined) {
    throw refused(cache, option, invalid, `Give strings of 1 to ${MAX_TAG_LENGTH} characters.`);
  }
  if (labels.length > MAX_TAGS) throw refused(cache, option, labels, `Give at most ${MAX_TAGS}.`);
}

/** Refuses a clear that would reach something else than was meant, or never come to an end. */
export function checkClear(clear: {
  name?: string;
  tenant?: string;
  batchSize?: number;
  before?: number;
}): void {
  const { name, tenant, batchSize, before } = clear;
  if (tenant !== undefined) checkLabels(name, "tenant", [tenant]);
  checkNumber(name, "batchSize", batchSize);
  checkNumber(name, "before", before);
}

/** Refuses a call by hand that has not one of `args` and `key`. */
export function checkCallNamed(call: { name: string; args?: Value; key?: Value }): void {
  if ((call.args === undefined) !== (call.key === undefined)) return;
  const remedy =
    "Give the arguments, or in place of `args` the `key` that the `key` function returns.";
  throw refused(call.name, "args", call.args, remedy);
}

/** Refuses what is no number. */
export function checkNumber(
  cache: string | undefined,
  option: string,
  number: number | undefined,
): void {
  if (number === undefined || !Number.isNaN(number)) return;
  throw refused(cache, option, number, "Give a number, or leave it out.");
}

/** Refuses a page size that would list nothing. */
export function checkPageSize(cache: string, numItems: number): void {
  if (Number.isInteger(numItems) && numItems >= 1 && numItems <= MAX_BATCH_SIZE) return;
  const remedy = `Give an integer from 1 to ${MAX_BATCH_SIZE}.`;
  throw refused(cache, "numItems", numItems, remedy);
}

/** Refuses options that would store what can't be read, or invalidated, again. */
export function checkStoreOptions(cache: string, options: StoreOptions): void {
  const { content, ttl, retain, tags = [], recipe, tracking } = options;
  checkContent(cache, "content", content);
  checkDurations(cache, { ttl, retain });
  checkLabels(cache, "tags", tags);
  checkTracking(cache, tracking);
  if (recipe) checkScheduled(cache, recipe);
}

/** Refuses bounds that nothing, or no number, comes within. */
function checkTracking(cache: string, { maxEntries, maxBytes, idleTtl }: Tracking = {}): void {
  checkDurations(cache, { idleTtl });
  for (const [option, bound] of Object.entries({ maxEntries, maxBytes })) {
    if (bound === undefined || bound >= 1) continue;
    throw refused(cache, option, bound, "Give a number from 1.");
  }
}

/** Refuses what a scheduled fill could not run with. */
export function checkScheduled(cache: string, { args, runner }: { args: Wire; runner: Runner }) {
  checkContent(cache, "args", args);
  if (runner.kind !== "component") return;
  const { ttl, retain, errorTtl, jitter, tracking } = runner;
  checkTracking(cache, tracking);
  checkDurations(cache, { ttl, retain, errorTtl });
  if (!(jitter >= 0 && jitter <= 1)) {
    throw refused(cache, "jitter", jitter, "Give a fraction from 0 to 1.");
  }
}

/** Refuses the result of a fill that would be stored or remembered as nonsense. */
export function checkResult(cache: string, result: FillResult): void {
  if (result.kind === "value") {
    const { fillMs } = result;
    if (!(fillMs >= 0 && fillMs < Infinity)) {
      throw refused(cache, "fillMs", fillMs, "Give a finite number of milliseconds from 0.");
    }
    checkStoreOptions(cache, result);
    return;
  }
  checkDurations(cache, { retryMs: result.retryMs });
  if (result.kind === "failed") {
    checkDurations(cache, { errorTtl: result.errorTtl });
    if (result.error.data !== undefined) {
      checkContent(cache, "error.data", { json: result.error.data });
    }
  }
}

/** Refuses a lock that would hold for ever, or whose row would be of any size. */
export function checkLockRequest({ name, key, ttl }: AcquireRequest): void {
  checkLabels(undefined, "name", [name]);
  checkLabels(undefined, "key", [key]);
  if (ttl >= MIN_LOCK_TTL_MS && ttl <= MAX_LOCK_TTL_MS) return;
  const remedy = `Give a number of milliseconds from ${MIN_LOCK_TTL_MS} to ${MAX_LOCK_TTL_MS}.`;
  throw refused(undefined, "ttl", ttl, remedy);
}

/** The error of an invalidation that names a tenant and means all of them. */
export const bothTenants = (tenant: string) =>
  refused(undefined, "tenant", tenant, "Give either `tenant` or `allTenants`.");
