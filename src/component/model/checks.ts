import { refusal } from "../../shared/errors.js";
import { MAX_TAG_LENGTH, MAX_TAGS } from "../../shared/limits.js";
import type { FillResult, Runner, StoreOptions, Wire } from "../../shared/protocol.js";

/**
 * Refuses what no client sends, but who calls a function of the component by hand
 * may: it would be stored, and do its harm later.
 */
function refused(cache: string, option: string, value: unknown, remedy: string) {
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

/** Refuses content that nobody could read again. */
export function checkContent(cache: string, option: string, content: Wire): void {
  if (!("json" in content)) return;
  try {
    JSON.parse(content.json);
  } catch {
    throw refused(cache, `${option}.json`, content.json, "Give Convex's JSON of a value.");
  }
}

/** Refuses options that would store what can't be read, found or judged again. */
export function checkStoreOptions(cache: string, options: StoreOptions): void {
  const { content, ttl, retain, tags = [], recipe } = options;
  checkContent(cache, "content", content);
  checkDurations(cache, { ttl, retain });
  const invalid = tags.find((tag) => tag.length === 0 || tag.length > MAX_TAG_LENGTH);
  if (invalid !== undefined) {
    throw refused(cache, "tags", invalid, `Give strings of 1 to ${MAX_TAG_LENGTH} characters.`);
  }
  if (tags.length > MAX_TAGS) throw refused(cache, "tags", tags, `Give at most ${MAX_TAGS}.`);
  if (recipe) checkScheduled(cache, recipe);
}

/** Refuses what a scheduled fill could not run with. */
export function checkScheduled(cache: string, { args, runner }: { args: Wire; runner: Runner }) {
  checkContent(cache, "args", args);
  if (runner.kind !== "component") return;
  const { ttl, retain, errorTtl, jitter } = runner;
  checkDurations(cache, { ttl, retain, errorTtl });
  if (!(jitter >= 0 && jitter <= 1)) {
    throw refused(cache, "jitter", jitter, "Give a fraction from 0 to 1.");
  }
}

/** Refuses the result of a fill that would be stored or remembered as nonsense. */
export function checkResult(cache: string, result: FillResult): void {
  if (result.kind === "value") {
    checkDurations(cache, { fillMs: result.fillMs });
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
