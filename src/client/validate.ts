import { type ErrorCode, refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE, MAX_TAG_LENGTH, MAX_TAGS } from "../shared/limits.js";
import { isWellFormed } from "../shared/wire.js";
import type { QueryContext } from "./contexts.js";
import type { ActionCacheConfig } from "./options.js";

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
export function checkRefresher(cache: string, config: ActionCacheConfig, because: string): void {
  const needed =
    (typeof config.ttl === "function" && "`ttl`") ||
    (config.tags && "`tags`") ||
    (config.shouldCache && "`shouldCache`");
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
export function checkBatchSize(cache: string, batchSize: unknown): void {
  if (batchSize === undefined) return;
  checkCount(cache, "INVALID_BATCH_SIZE", "`batchSize`", batchSize, ", or leave it out");
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
function checkBounds(cache: string, { maxEntries, maxBytes, idleTtl }: ActionCacheConfig): void {
  const refused = (option: string, value: unknown, what: string) =>
    refusal({
      code: "INVALID_BOUND",
      cache,
      option,
      value,
      remedy: `Give ${what} from 1, or leave it out for no bound.`,
    });
  const isBound = (bound: unknown) =>
    bound === undefined || (typeof bound === "number" && bound >= 1);
  if (!isBound(maxEntries) || !Number.isInteger(maxEntries ?? 1)) {
    throw refused("`maxEntries`", maxEntries, "an integer");
  }
  if (!isBound(maxBytes)) throw refused("`maxBytes`", maxBytes, "a number of bytes");
  if (idleTtl !== undefined && !(isDuration(idleTtl) && idleTtl > 0)) {
    throw refused("`idleTtl`", idleTtl, "a number of milliseconds");
  }
}

/** Refuses a sample that counts nothing, or more than everything. */
function checkStats(cache: string, stats: ActionCacheConfig["stats"]): void {
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

/** Refuses options out of their range, or that lack what another needs. */
export function checkConfig(cache: string, config: ActionCacheConfig): void {
  if (typeof config.ttl !== "function") checkTtl(cache, config.ttl);
  checkDuration(cache, "INVALID_TTL", "`errorTtl`", config.errorTtl);
  checkDuration(cache, "INVALID_WINDOW", "`staleWhileRevalidate`", config.staleWhileRevalidate);
  checkDuration(cache, "INVALID_WINDOW", "`staleIfError`", config.staleIfError);
  checkJitter(cache, config.jitter);
  checkBounds(cache, config);
  checkStats(cache, config.stats);
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
