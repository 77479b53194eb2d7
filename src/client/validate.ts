import { type ErrorCode, refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE, MAX_TAG_LENGTH, MAX_TAGS } from "../shared/limits.js";
import type { TtlBounds } from "../shared/learnedTtl.js";
import type { Cache } from "./cache.js";
import type { QueryContext } from "./contexts.js";
import type { Config } from "./options.js";

/** Refuses the value of an option that does not hold what it must. */
function refuseUnless(
  isValid: boolean,
  code: ErrorCode,
  cache: string | undefined,
  option: string,
  value: unknown,
  remedy: string,
): void {
  if (!isValid) throw refusal({ code, cache, option, value, remedy });
}

/** Whether a value is a number of ms from 0. */
export const isDuration = (ms: unknown): ms is number => typeof ms === "number" && ms >= 0;

const isBound = (bound: unknown) => isDuration(bound) && bound >= 1;

const isCount = (count: unknown) =>
  Number.isInteger(count) && isBound(count) && (count as number) <= MAX_BATCH_SIZE;

const COUNT = `Give an integer from 1 to ${MAX_BATCH_SIZE}, or leave it out.`;

/** How a tag, a tenant id, or the name or key of a lock must be. */
export const LABEL = `of 1 to ${MAX_TAG_LENGTH} characters, none of them cut in half`;

/** Refuses a ttl that is not a number of ms from 0; null is none, and undefined the default. */
export function checkTtl(cache: string, ttl: unknown, call?: "fetch" | "put"): void {
  const [option, without] = call
    ? [`the \`ttl\` of this ${call}`, "the configured ttl"]
    : ["`ttl`", "no expiry too"];
  const remedy = `Give a number of milliseconds from 0. Null is no expiry; none at all is ${without}.`;
  const isTtl = ttl === undefined || ttl === null || isDuration(ttl);
  refuseUnless(isTtl, "INVALID_TTL", cache, option, ttl, remedy);
}

/** Refuses bounds of a ttl that are not `min` ms, over 0, and `max` ms from that on. */
function checkTtlBounds(cache: string, ttl: TtlBounds): void {
  const { min, max } = ttl;
  const remedy =
    "Give `min`, in milliseconds over 0, and `max`, from `min` on; or a number, or null.";
  const areBounds = isDuration(min) && min > 0 && isDuration(max) && max >= min;
  refuseUnless(areBounds, "INVALID_TTL", cache, "`ttl`", ttl, remedy);
}

/** Refuses a result of a `ttl` function that is neither null nor a number of ms from 0. */
export function checkTtlResult(cache: string, ttl: unknown): void {
  const remedy = "Return a number of milliseconds from 0, or null for no expiry.";
  const isTtl = ttl === null || isDuration(ttl);
  refuseUnless(isTtl, "INVALID_TTL", cache, "the result of `ttl`", ttl, remedy);
}

/** Refuses to refresh in the background what the component alone can't fill. */
export function checkRefresher(
  { name, config }: Pick<Cache, "name" | "config">,
  because: string,
): void {
  const needed =
    (typeof config.ttl === "function" && "`ttl`") ||
    (config.tags && "`tags`") ||
    (config.shouldCache && "`shouldCache`") ||
    (config.compute && "`compute`");
  if (!needed || config.refresher) return;
  throw refusal({
    code: "REFRESHER_REQUIRED",
    cache: name,
    option: "`refresher`",
    value: undefined,
    remedy:
      `${because} refreshes in the background, where the function ${needed} can't be called. ` +
      "Export `refresher(() => cache)` from a module of your app, and name it here.",
  });
}

/** Refuses a batch size that is not an integer from 1 to 1,000. */
export function checkBatchSize(cache: string, batchSize: unknown): void {
  const isSize = batchSize === undefined || isCount(batchSize);
  refuseUnless(isSize, "INVALID_BATCH_SIZE", cache, "`batchSize`", batchSize, COUNT);
}

/** Refuses a page size that is not an integer from 1 to 1,000. */
export function checkPageSize(cache: string, numItems: unknown): void {
  const remedy = `Give an integer from 1 to ${MAX_BATCH_SIZE}.`;
  refuseUnless(isCount(numItems), "INVALID_PAGE_SIZE", cache, "`numItems`", numItems, remedy);
}

/** Refuses tags that are empty, no strings or too long, and too many of them. Returns the distinct ones. */
export function checkTags(cache: string | undefined, option: string, tags: unknown): string[] {
  const invalid = "INVALID_TAG";
  const remedy = `Give strings ${LABEL}.`;
  refuseUnless(Array.isArray(tags), invalid, cache, option, tags, `Give a list. ${remedy}`);
  for (const tag of tags as unknown[]) {
    refuseUnless(isLabel(tag), invalid, cache, option, tag, remedy);
  }
  const distinct = [...new Set(tags as string[])];
  const coarser = `Give at most ${MAX_TAGS}; a coarser tag covers many.`;
  refuseUnless(distinct.length <= MAX_TAGS, "TOO_MANY_TAGS", cache, option, distinct, coarser);
  return distinct;
}

/** Refuses a tenant id that is empty, no string, or too long. */
export function checkTenant(cache: string | undefined, tenant: unknown): void {
  const remedy = `Give a string ${LABEL}, such as the id of the tenant's document.`;
  refuseUnless(isLabel(tenant), "INVALID_TENANT", cache, "the tenant id", tenant, remedy);
}

/** Whether a value can be a tag, a tenant id, or the name or key of a lock. */
export function isLabel(label: unknown): label is string {
  return (
    typeof label === "string" &&
    label.length > 0 &&
    label.length <= MAX_TAG_LENGTH &&
    label.isWellFormed()
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
  const remedy = `Give a time in milliseconds since 1970, or leave it out ${without}.`;
  const isTime = time === undefined || (typeof time === "number" && !Number.isNaN(time));
  refuseUnless(isTime, code, cache, option, time, remedy);
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

/** What an option must be, where it is given, and what to say where it is not. */
type Rule = [keyof Config, ErrorCode, (value: unknown) => boolean, string];

const DURATION = "Give a number of milliseconds from 0, or leave it out for none.";
const fromOne = (what: string) => `Give ${what} from 1, or leave it out for no bound.`;

const RULES: Rule[] = [
  ["errorTtl", "INVALID_TTL", isDuration, DURATION],
  ["staleWhileRevalidate", "INVALID_WINDOW", isDuration, DURATION],
  ["staleIfError", "INVALID_WINDOW", isDuration, DURATION],
  [
    "jitter",
    "INVALID_JITTER",
    (part) => isDuration(part) && part <= 1,
    "Give the largest part of the ttl to take off, as a fraction from 0 to 1.",
  ],
  [
    "maxEntries",
    "INVALID_BOUND",
    (bound) => isBound(bound) && Number.isInteger(bound),
    fromOne("an integer"),
  ],
  ["maxBytes", "INVALID_BOUND", isBound, fromOne("a number of bytes")],
  ["idleTtl", "INVALID_BOUND", isBound, fromOne("a number of milliseconds")],
  ["maxBatch", "INVALID_BATCH_SIZE", isCount, COUNT],
];

/** Refuses options out of their range, or that lack what another needs. */
export function checkConfig(cache: string, config: Config): void {
  const { ttl, staleWhileRevalidate, refreshAhead } = config;
  if (typeof ttl === "object" && ttl && ("min" in ttl || "max" in ttl)) checkTtlBounds(cache, ttl);
  else if (typeof ttl !== "function") checkTtl(cache, ttl);
  for (const [option, code, is, remedy] of RULES) {
    const value = config[option];
    refuseUnless(value === undefined || is(value), code, cache, `\`${option}\``, value, remedy);
  }
  checkStats(cache, config.stats);
  if (staleWhileRevalidate) checkRefresher({ name: cache, config }, "`staleWhileRevalidate`");
  if (refreshAhead) checkRefresher({ name: cache, config }, "`refreshAhead`");
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
