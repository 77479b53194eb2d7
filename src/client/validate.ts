import { type ErrorCode, refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE, MAX_TAG_LENGTH, MAX_TAGS } from "../shared/limits.js";
import type { TtlBounds } from "../shared/learnedTtl.js";
import { isWellFormed } from "../shared/wire.js";
import type { QueryContext } from "./contexts.js";
import type { Config } from "./options.js";

const isDuration = (ms: unknown) => typeof ms === "number" && ms >= 0;

/** Refuses a ttl that is not a number of ms from 0; null is none, and undefined the default. */
export function checkTtl(cache: string, ttl: unknown, call?: "fetch" | "put"): void {
  if (ttl === undefined || ttl === null || isDuration(ttl)) return;
  const option = call === undefined ? "`ttl`" : `the \`ttl\` of this ${call}`;
  const without = call === undefined ? "no expiry too" : "the configured ttl";
  const remedy = `Give a number of milliseconds from 0. Null is no expiry; none at all is ${without}.`;
  throw refusal({ code: "INVALID_TTL", cache, option, value: ttl, remedy });
}

/** Refuses bounds of a ttl that are not `min` ms, over 0, and `max` ms from that on. */
function checkBounds(cache: string, ttl: TtlBounds): void {
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
  const isInteger = typeof batchSize === "number" && Number.isInteger(batchSize);
  if (isInteger && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE) return;
  throw refusal({
    code: "INVALID_BATCH_SIZE",
    cache,
    option,
    value: batchSize,
    remedy: `Give an integer from 1 to ${MAX_BATCH_SIZE}, or leave it out.`,
  });
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

function isLabel(label: unknown): boolean {
  return (
    typeof label === "string" &&
    label.length > 0 &&
    label.length <= MAX_TAG_LENGTH &&
    isWellFormed(label)
  );
}

/** Refuses a time that is not a number. */
export function checkBefore(before: unknown): void {
  if (before === undefined || (typeof before === "number" && !Number.isNaN(before))) return;
  throw refusal({
    code: "INVALID_BEFORE",
    option: "`before`",
    value: before,
    remedy: "Give a time in milliseconds since 1970, or leave it out to clear everything.",
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
  if (typeof ttl === "object" && ttl && ("min" in ttl || "max" in ttl)) checkBounds(cache, ttl);
  else if (typeof ttl !== "function") checkTtl(cache, ttl);
  checkDuration(cache, "INVALID_TTL", "`errorTtl`", config.errorTtl);
  checkDuration(cache, "INVALID_WINDOW", "`staleWhileRevalidate`", config.staleWhileRevalidate);
  checkDuration(cache, "INVALID_WINDOW", "`staleIfError`", config.staleIfError);
  checkJitter(cache, config.jitter);
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
  throw refusal({
    code: "REFUSED_ON_TENANT",
    cache,
    option: "the tenant of this view",
    value: tenant,
    remedy:
      "`removeAll` would clear every tenant. Call `removeAllForName` for this tenant's entries " +
      "of this cache, or the functions `removeAllForTenant` and `removeAll`.",
  });
}
