import { refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE, MAX_TAG_LENGTH, MAX_TAGS } from "../shared/limits.js";
import type { ActionCacheConfig } from "./config.js";

/** Refuses a ttl that is not a number of milliseconds from 0; null and undefined are none. */
export function checkTtl(cache: string, option: string, ttl: unknown): void {
  if (ttl === undefined) return;
  checkTtlGiven(cache, option, ttl);
}

/** Refuses a ttl that is neither null nor a number of milliseconds from 0. */
export function checkTtlGiven(cache: string, option: string, ttl: unknown): void {
  if (ttl === null || (typeof ttl === "number" && ttl >= 0)) return;
  throw refusal({
    code: "INVALID_TTL",
    cache,
    option,
    value: ttl,
    remedy: "Give a number of milliseconds from 0, or leave it out for no expiry.",
  });
}

/** Refuses a window that is not a number of milliseconds from 0. */
function checkWindow(cache: string, option: string, window: unknown): void {
  if (window === undefined || (typeof window === "number" && window >= 0)) return;
  throw refusal({
    code: "INVALID_WINDOW",
    cache,
    option,
    value: window,
    remedy: "Give a number of milliseconds from 0, or leave it out for none.",
  });
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

/** Refuses a jitter outside 0 to 1. */
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
  const valid =
    Number.isInteger(batchSize) &&
    (batchSize as number) >= 1 &&
    (batchSize as number) <= MAX_BATCH_SIZE;
  if (valid) return;
  throw refusal({
    code: "INVALID_BATCH_SIZE",
    cache,
    option: "`batchSize`",
    value: batchSize,
    remedy: `Give an integer from 1 to ${MAX_BATCH_SIZE}, or leave it out.`,
  });
}

/** Refuses tags that are empty, no text or too long, and too many of them. */
export function checkTags(cache: string | undefined, option: string, tags: unknown): void {
  const refused = (code: "INVALID_TAG" | "TOO_MANY_TAGS", value: unknown, remedy: string) =>
    refusal({ code, cache, option, value, remedy });
  const remedy = `Give texts of 1 to ${MAX_TAG_LENGTH} characters.`;
  if (!Array.isArray(tags)) throw refused("INVALID_TAG", tags, `Give a list. ${remedy}`);
  if (tags.length > MAX_TAGS) {
    throw refused("TOO_MANY_TAGS", tags, `Give at most ${MAX_TAGS}; a coarser tag covers many.`);
  }
  for (const tag of tags as unknown[]) {
    if (!isLabel(tag)) throw refused("INVALID_TAG", tag, remedy);
  }
}

/** Refuses a tenant id that is empty, no text, or too long. */
export function checkTenant(cache: string | undefined, tenant: unknown): void {
  if (isLabel(tenant)) return;
  throw refusal({
    code: "INVALID_TENANT",
    cache,
    option: "the tenant id",
    value: tenant,
    remedy: `Give a text of 1 to ${MAX_TAG_LENGTH} characters, such as the id of the tenant's document.`,
  });
}

function isLabel(label: unknown): boolean {
  return typeof label === "string" && label.length > 0 && label.length <= MAX_TAG_LENGTH;
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

/** Refuses a configuration with an option out of its range, or one that lacks what another needs. */
export function checkConfig(cache: string, config: ActionCacheConfig): void {
  if (typeof config.ttl !== "function") checkTtl(cache, "`ttl`", config.ttl);
  checkTtl(cache, "`errorTtl`", config.errorTtl);
  checkWindow(cache, "`staleWhileRevalidate`", config.staleWhileRevalidate);
  checkWindow(cache, "`staleIfError`", config.staleIfError);
  checkJitter(cache, config.jitter);
  if (config.staleWhileRevalidate) checkRefresher(cache, config, "`staleWhileRevalidate`");
  if (config.refreshAhead) checkRefresher(cache, config, "`refreshAhead`");
}
