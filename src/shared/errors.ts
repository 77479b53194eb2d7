import { ConvexError } from "convex/values";
import { MAX_JSON_BYTES, MAX_VALUE_BYTES } from "./limits.js";
import { wellFormed } from "./wire.js";
import { isConvexError } from "./wireErrors.js";

/** Every code of an error that the cache throws by itself, and when. */
export const ERROR_CODES = {
  ACTION_REQUIRED: "no `action` is given",
  NAME_REQUIRED: "no `name` is given, and none can be derived from the action",
  INVALID_TTL:
    "`ttl` or `errorTtl` is not a number of milliseconds from 0, or that of a lock not from 1,000 to 86,400,000",
  INVALID_WINDOW: "a window is not a number of milliseconds from 0",
  REFRESHER_REQUIRED: "a cache with functions of its own is to refresh in the background",
  INVALID_JITTER: "`jitter` is not a fraction from 0 to 1",
  INVALID_TAG: "a tag is empty, not a string, or over 256 characters",
  TOO_MANY_TAGS: "an entry or an invalidation has over 128 distinct tags",
  INVALID_TENANT: "a tenant id is empty, not a string, or over 256 characters",
  INVALID_BATCH_SIZE: "`batchSize` is not an integer from 1 to 1,000",
  INVALID_PAGE_SIZE: "`numItems` is not an integer from 1 to 1,000",
  INVALID_CURSOR: "`cursor` is not null, nor the `continueCursor` of a page of the same listing",
  INVALID_BEFORE: "`before` is not a time in milliseconds",
  INVALID_SINCE: "`since` is not a time in milliseconds",
  INVALID_BOUND: "`maxEntries`, `maxBytes` or `idleTtl` is not a number from 1",
  INVALID_SAMPLE: "`stats` has a `sample` that is not over 0 and up to 1",
  STATS_REQUIRED: "`stats` is called on a cache that keeps no figures",
  INVALID_ARGS: "the arguments of a call are none that Convex takes",
  INVALID_VALUE: "a value to `put` is no Convex value",
  INVALID_RESULT: "a function of the configuration returned something of another type",
  FUNCTION_FAILED: "a function of the configuration threw",
  VALUE_TOO_LARGE: "a value to `put`, or the arguments of a background fill, are over 4 MiB",
  WRONG_CONTEXT: "the context can't do what is called, such as `fetch` or `put` in a query",
  REFUSED_ON_TENANT: "a tenant's view is asked to clear everything, or to list another tenant",
  INVALID_NAME: "the `name` of a lock is not a string of 1 to 256 characters",
  INVALID_KEY: "the key of a lock is not a string of 1 to 256 characters",
  INVALID_WAIT: "`wait` is not a number of milliseconds from 0, or is given in a mutation",
  INVALID_TOKEN: "the token of a lock is not a string",
  LOCK_NOT_ACQUIRED: "a lock did not become free in the time that `withLock` waits",
  LOCK_LOST: "a lock is not, or no longer, held by the token given to `assertHeld`",
  ALLOW_REQUIRED: "`inspectorApi` is called without a function `allow`",
  NOT_ALLOWED:
    "a function that `inspectorApi` made is called by somebody whom `allow` does not let in",
  INVALID_REQUEST: "a function of the component is called by hand with what no client sends",
} as const;

/** The code of a {@link CacheError}; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The `data` of a {@link CacheError}. */
export type CacheErrorData = {
  /** Tells what was refused, or why a lock is not held; stable across releases. */
  code: ErrorCode;
  /** Names the cache or lock, the option, the value and the remedy. */
  message: string;
  /** The name of the cache, where one is concerned. */
  cache?: string;
  /** The name of the lock, where one is concerned. */
  lock?: string;
  /** The option or argument that was refused. */
  option: string;
  /** The refused value, as a string. */
  value: string;
};

/** The error that refuses bad input, or a lock: a `ConvexError`, so `data` reaches every caller. */
export type CacheError = ConvexError<CacheErrorData>;

/** Builds the error that refuses one option of a cache, a lock, or the component. */
export function refusal(refused: {
  code: ErrorCode;
  cache?: string | undefined;
  lock?: string;
  option: string;
  value: unknown;
  /** What to say of the value, where itself it says too little. */
  says?: string | undefined;
  remedy: string;
}): CacheError {
  const { code, cache, lock, option, remedy } = refused;
  const value = refused.says ?? describe(refused.value);
  const message = `${nameOf(cache, lock)}: ${option} is ${value}. ${remedy}`;
  const error = new ConvexError({
    code,
    message,
    ...(cache === undefined ? {} : { cache }),
    ...(lock === undefined ? {} : { lock }),
    option,
    value,
  });
  // By itself, its message would be the JSON of its data.
  error.message = `${code}: ${message}`;
  return error;
}

function nameOf(cache: string | undefined, lock: string | undefined): string {
  if (lock !== undefined) return `lock \`${lock}\``;
  return cache === undefined ? "action cache" : `action cache \`${cache}\``;
}

/** Refuses a value that is put and can't be stored. */
export function tooLarge(cache: string): CacheError {
  return refusal({
    code: "VALUE_TOO_LARGE",
    cache,
    option: "the value to put",
    value: undefined,
    says: `over ${MAX_VALUE_BYTES} bytes, or over ${MAX_JSON_BYTES} as JSON`,
    remedy: "Put it into file storage, and its id into the cache.",
  });
}

/** Refuses a cursor that is none, or another listing's. */
export function badCursor(cache: string, value: unknown): CacheError {
  const remedy = "Give null, and then the last page's `continueCursor` with the same options.";
  return refusal({ code: "INVALID_CURSOR", cache, option: "`cursor`", value, remedy });
}

/**
 * Whether an error is one of the cache's own: with a code, for bad input or for a lock.
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

/** A value of any type, as a message shows it. */
export function describe(value: unknown): string {
  if (typeof value === "string") return `'${wellFormed(truncate(value))}'`;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Promise) return "a promise";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

const MAX_SHOWN = 80;

function truncate(string: string): string {
  if (string.length <= MAX_SHOWN) return string;
  return `${string.slice(0, MAX_SHOWN)}… (${string.length} characters)`;
}
