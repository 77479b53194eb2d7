import { ConvexError } from "convex/values";
import { isConvexError } from "./failures.js";
import { MAX_VALUE_BYTES } from "./limits.js";

/**
 * Every code that the cache refuses bad input with, and when.
 * The README lists the same codes.
 */
export const ERROR_CODES = {
  INVALID_TTL: "`ttl` or `errorTtl` is not a number of milliseconds from 0",
  INVALID_WINDOW: "a window is not a number of milliseconds from 0",
  REFRESHER_REQUIRED: "a cache with functions of its own is to refresh in the background",
  INVALID_JITTER: "`jitter` is not a fraction from 0 to 1",
  INVALID_TAG: "a tag is empty, no text, or over 256 characters",
  TOO_MANY_TAGS: "an entry or an invalidation has over 128 tags",
  INVALID_TENANT: "a tenant id is empty, no text, or over 256 characters",
  INVALID_BATCH_SIZE: "`batchSize` is not an integer from 1 to 1,000",
  INVALID_BEFORE: "`before` is not a time in milliseconds",
  VALUE_TOO_LARGE: "a value to `put`, or the arguments to `refresh` by, are over 15.9 MiB",
} as const;

/** A code that bad input is refused with; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a {@link CacheError} carries as its `data`. */
export type CacheErrorData = {
  /** Tells what kind of input was refused; stable across releases. */
  code: ErrorCode;
  /** Names the cache, the option, the value and the remedy. */
  message: string;
  /** The name of the cache, where one is concerned. */
  cache?: string;
  /** The option or argument that was refused. */
  option: string;
  /** The refused value, as text. */
  value: string;
};

/** The error that refuses bad input: a `ConvexError`, so `data` reaches every caller. */
export type CacheError = ConvexError<CacheErrorData>;

/** Builds the error that refuses one option of a cache, or of the component. */
export function refusal(refused: {
  code: ErrorCode;
  cache?: string | undefined;
  option: string;
  value: unknown;
  remedy: string;
}): CacheError {
  const { code, cache, option, remedy } = refused;
  const value = describe(refused.value);
  const where = cache === undefined ? "action cache" : `action cache "${cache}"`;
  return new ConvexError({
    code,
    message: `${where}: ${option} is ${value}. ${remedy}`,
    ...(cache === undefined ? {} : { cache }),
    option,
    value,
  });
}

/** Refuses what is given to be stored and can't be. */
export function tooLarge(cache: string, option = "the value to put"): CacheError {
  return refusal({
    code: "VALUE_TOO_LARGE",
    cache,
    option,
    value: `over ${MAX_VALUE_BYTES} bytes`,
    remedy: "Put it into file storage, and its id into the cache.",
  });
}

/**
 * Whether an error is one with which the cache refused its input.
 *
 * @example
 * try { await cache.fetch(ctx, args, { ttl }) }
 * catch (error) { if (isCacheError(error)) console.warn(error.data.code) }
 */
export function isCacheError(error: unknown): error is CacheError {
  if (!isConvexError(error)) return false;
  const data: unknown = error.data;
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    Object.hasOwn(ERROR_CODES, data.code)
  );
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(truncate(value));
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

function truncate(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}… (${text.length} characters)`;
}
