import { type ErrorCode, refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE, MAX_TAG_LENGTH, MAX_TAGS } from "../shared/limits.js";
import type { TtlBounds } from "../shared/learnedTtl.js";
import { isWellFormed } from "../shared/wire.js";
import type { QueryContext } from "./contexts.js";
import type { Config } from "./options.js";

/** Whether a value is a number of ms from 0. */
export const isDuration = (ms: unknown): ms is number => typeof ms === "number" && ms >= 0;

/** Refuses a ttl that is not a number of ms from 0; null is none, and undefined the default. */
export function checkTtl(cache: string, ttl: unknown, call?: "fetch" | "put"): void {
  if (ttl === undefined || ttl === null || isDuration(ttl)) return;
  const option = call === undefined ? "`ttl`" : `the \`ttl\` of this ${call}`;
  const without = call === undefined ? "no expiry too" : "the configured ttl";
  const remedy = `Give a number of milliseconds from 0. Null is no expiry; none at all is ${without}.`;
  throw refusal({ code: "INVALID_TTL", cache, option, value: ttl, remedy });
}

/** Refuses bounds of a ttl that are not `min` ms, over 0, and `max` ms from that on. */
function checkTtlBounds(cache: string, ttl: TtlBounds): void {
  const { min, max } = ttl;
  if (isDuration(min) && min > 0 && isDuration(max) && max >= min) return;
  const remedy =
    "Give `min`, in milliseconds over 0, and `max`, from `min` on; or a number, or null.";
  throw refusal({ code: "INVALID_TTL", cache, option: "`ttl`", value: ttl, remedy });
}

/** Refuses a result of a `ttl` function that is neither null nor a number of ms from 0. */
export function checkTtlResult(cache: string, ttl: unknown): void {
  if (ttl === null || isDuration(ttl)) return;
  const remedy = "Return a number of milliseconds from 0, or null for no expiry.";
  throw refusal({ code: "INVALID_TTL", cache, option: "the result of `ttl`", value: ttl, remedy });
}

function checkDuration(cache: string, code: ErrorCode, option: string, ms: unknown): void {
  if (ms === undefined || isDuration(ms)) return;
  const remedy = "Give a number of milliseconds from 0, or leave it out for none.";
  throw refusal({ code, cache, option, value: ms, remedy });
}

/** Refuses to refresh in the background what the component alone can't fill. */
export function checkRefresher(cache: string, config: Config, because: string): void {
  const needed =
    (typeof config.ttl === "function" && "`ttl`") ||
    (config.tags && "`tags`") ||
    (config.shouldCache && "`shouldCache`") ||
    (config.compute && "`compute`");
  if (!needed || config.refresher) return;
  throw refusal({
    code: "REFRESHER_REQUIRED",
    cache,
    option: "`refresher`",
    value: undefined,
    remedy:
      `${because} refreshes in the background, where the function ${needed} can't be called. ` +
      "Export `refresher(() => cache)` from a module of your app, and name it here.",
  });
}

function checkJitter(cache: string, jitter: unknown): void {
  if (jitter === undefined || (typeof jitter === "number" && jitter >= 0 && jitter <= 1)) return;
  throw refusal({
    code: "INVALID_JITTER",
    cache,
    option: "`jitter`",
    value: jitter,
    remedy: "Give the largest part of the ttl to take off, as a fraction from 0 to 1.",
  });
}

/** Refuses a batch size that is not an integer from 1 to 1,000. */
export function checkBatchSize(
  cache: string,
  batchSize: unknown,
  option: string = "`batchSize`",
): void {
  if (batchSize === undefined) return;
  checkCount(cache, "INVALID_BATCH_SIZE", option, batchSize, ", or leave it out");
}

/** Refuses a number of rows that is not an integer from 1 to 1,000. */
export function checkCount(
  cache: string,
  code: ErrorCode,
  option: string,
  count: unknown,
  orElse: string = "",
): void {
  if (Number.isInteger(count) && (count as number) >= 1 && (count as number) <= MAX_BATCH_SIZE) {
    return;
  }
  const remedy = `Give an integer from 1 to ${MAX_BATCH_SIZE}${orElse}.`;
  throw refusal({ code, cache, option, value: count, remedy });
}

/** Refuses tags that are empty, no strings or too long, and too many of them. Returns the distinct ones. */
export function checkTags(cache: string | undefined, option: string, tags: unknown): string[] {
  const refused = (code: ErrorCode, value: unknown, remedy: string) =>
    refusal({ code, cache, option, value, remedy });
  const remedy = `Give strings of 1 to ${MAX_TAG_LENGTH} characters, none of them cut in half.`;
  if (!Array.isArray(tags)) throw refused("INVALID_TAG", tags, `Give a list. ${remedy}`);
  for (const tag of tags as unknown[]) if (!isLabel(tag)) throw refused("INVALID_TAG", tag, remedy);
  const distinct = [...new Set(tags as string[])];
  if (distinct.length <= MAX_TAGS) return distinct;
  const coarser = `Give at most ${MAX_TAGS}; a coarser tag covers many.`;
  throw refused("TOO_MANY_TAGS", distinct, coarser);
}

/** Refuses a tenant id that is empty, no string, or too long. */
export function checkTenant(cache: string | undefined, tenant: unknown): void {
  if (isLabel(tenant)) return;
  throw refusal({
    code: "INVALID_TENANT",
    cache,
    option: "the tenant id",
    value: tenant,
    remedy:
      `Give a string of 1 to ${MAX_TAG_LENGTH} characters, none of them cut in half, ` +
      "such as the id of the tenant's document.",
  });
}

/** Whether a value can be a tag, a tenant id, or the name or key of a lock. */
export function isLabel(label: unknown): label is string {
  return (
    typeof label === "string" &&
    label.length > 0 &&
    label.length <= MAX_TAG_LENGTH &&
    isWellFormed(label)
  );
}

/** Refuses a time that is not a number. */
export function checkTime(
  code: "INVALID_BEFORE" | "INVALID_SINCE",
  option: string,
  time: unknown,
  without: string,
  cache?: string,
): void {
  if (time === undefined || (typeof time === "number" && !Number.isNaN(time))) return;
  throw refusal({
    code,
    cache,
    option,
    value: time,
    remedy: `Give a time in milliseconds since 1970, or leave it out ${without}.`,
  });
}

/** Refuses bounds that are no numbers from 1, or no integers where they count entries. */
function checkBounds(cache: string, { maxEntries, maxBytes, idleTtl }: Config): void {
  const bounds: { [option: string]: unknown } = { maxEntries, maxBytes, idleTtl };
  for (const [option, value] of Object.entries(bounds)) {
    const isCount = option === "maxEntries";
    const isBound = typeof value === "number" && value >= 1;
    if (value === undefined || (isBound && (!isCount || Number.isInteger(value)))) continue;
    const what = isCount
      ? "an integer"
      : option === "idleTtl"
        ? "a number of milliseconds"
        : "a number of bytes";
    throw refusal({
      code: "INVALID_BOUND",
      cache,
      option: `\`${option}\``,
      value,
      remedy: `Give ${what} from 1, or leave it out for no bound.`,
    });
  }
}

/** Refuses a sample that counts nothing, or more than everything. */
function checkStats(cache: string, stats: Config["stats"]): void {
  if (stats === undefined || typeof stats === "boolean") return;
  const sample: unknown = stats?.sample ?? 1;
  const isPart = typeof sample === "number" && sample > 0 && sample <= 1;
  if (typeof stats === "object" && stats !== null && isPart) return;
  throw refusal({
    code: "INVALID_SAMPLE",
    cache,
    option: "`stats`",
    value: stats,
    says: isPart ? undefined : `a sample of ${String(sample)}`,
    remedy: "Give true, false, or a `sample` over 0 and up to 1: the part of the hits to count.",
  });
}

/** Refuses a cache that nothing computes the values of, or two things would. */
export function checkSource({ name, action, batchAction, compute }: Config): void {
  const source = action ?? batchAction;
  const isBoth = source && compute;
  if (!isBoth && (source ?? compute)) return;
  throw refusal({
    code: isBoth ? "ACTION_AND_COMPUTE" : "ACTION_REQUIRED",
    cache: name,
    option: "`action`",
    value: action,
    says: isBoth && "given beside `compute`",
    remedy: "Give either a reference to the action that computes the values, or `compute`.",
  });
}

/** Refuses options out of their range, or that lack what another needs. */
export function checkConfig(cache: string, config: Config): void {
  const { ttl } = config;
  if (typeof ttl === "object" && ttl && ("min" in ttl || "max" in ttl)) checkTtlBounds(cache, ttl);
  else if (typeof ttl !== "function") checkTtl(cache, ttl);
  checkDuration(cache, "INVALID_TTL", "`errorTtl`", config.errorTtl);
  checkDuration(cache, "INVALID_WINDOW", "`staleWhileRevalidate`", config.staleWhileRevalidate);
  checkDuration(cache, "INVALID_WINDOW", "`staleIfError`", config.staleIfError);
  checkJitter(cache, config.jitter);
  checkBounds(cache, config);
  checkStats(cache, config.stats);
  checkBatchSize(cache, config.maxBatch, "`maxBatch`");
  if (config.staleWhileRevalidate) checkRefresher(cache, config, "`staleWhileRevalidate`");
  if (config.refreshAhead) checkRefresher(cache, config, "`refreshAhead`");
}

/** Refuses a context that can't write, as a query's can't. */
export function checkWrites(ctx: QueryContext, method: string, cache?: string): void {
  if ("runMutation" in ctx && ctx.runMutation !== undefined) return;
  throw wrongContext(cache, method, "an action or a mutation");
}

/** The error of a call in a context that can't do it. */
export function wrongContext(cache: string | undefined, method: string, where: string) {
  return refusal({
    code: "WRONG_CONTEXT",
    cache,
    option: `the context of \`${method}\``,
    value: undefined,
    says: `not that of ${where}`,
    remedy: `Call \`${method}\` in ${where}; in a query, call \`peek\`.`,
  });
}

/** Refuses a tenant's view what would reach every tenant. */
export function refuseTenant(cache: string, tenant: string | undefined): void {
  if (tenant === undefined) return;
  throw refusedOnTenant(
    cache,
    tenant,
    "`removeAll` would clear every tenant. Call `removeAllForName` for this tenant's entries " +
      "of this cache, or the functions `removeAllForTenant` and `removeAll`.",
  );
}

/** The error of what reaches beyond the tenant of a view. */
export function refusedOnTenant(cache: string, tenant: string, remedy: string) {
  const option = "the tenant of this view";
  return refusal({ code: "REFUSED_ON_TENANT", cache, option, value: tenant, remedy });
}
