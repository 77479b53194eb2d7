import { refusal } from "../shared/errors.js";
import { MAX_BATCH_SIZE } from "../shared/limits.js";

/** Refuses a ttl that is not a number of milliseconds from 0; null and undefined are none. */
export function checkTtl(cache: string, option: string, ttl: unknown): void {
  if (ttl === null || ttl === undefined || (typeof ttl === "number" && ttl >= 0)) return;
  throw refusal({
    code: "INVALID_TTL",
    cache,
    option,
    value: ttl,
    remedy: "Give a number of milliseconds from 0, or leave it out for no expiry.",
  });
}

/** Refuses a jitter outside 0 to 1. */
export function checkJitter(cache: string, jitter: unknown): void {
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
