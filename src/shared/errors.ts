import { ConvexError } from "convex/values";
import { MAX_JSON_BYTES, MAX_VALUE_BYTES } from "./limits.js";
import { wellFormed } from "./wire.js";
import { isConvexError } from "./wireErrors.js";

/** Every code that the cache refuses bad input with, and when. */
export const ERROR_CODES = {
  ACTION_REQUIRED: "none of `action`, `batchAction` and `compute` is given",
  ACTION_AND_COMPUTE: "`compute` is given beside `action` or `batchAction`",
  NAME_REQUIRED: "no `name` is given, and none can be derived from the action",
  INVALID_TTL: "`ttl` or `errorTtl` is not a number of milliseconds from 0",
  INVALID_WINDOW: "a window is not a number of milliseconds from 0",
  REFRESHER_REQUIRED: "a cache with functions of its own is to refresh in the background",
  INVALID_JITTER: "`jitter` is not a fraction from 0 to 1",
  INVALID_TAG: "a tag is empty, not a string, or over 256 characters",
  TOO_MANY_TAGS: "an entry or an invalidation has over 128 distinct tags",
  INVALID_TENANT: "a tenant id is empty, not a string, or over 256 characters",
  INVALID_BATCH_SIZE: "`batchSize` or `maxBatch` is not an integer from 1 to 1,000",
  INVALID_BEFORE: "`before` is not a time in milliseconds",
  INVALID_ARGS: "the arguments of a call are none that Convex takes",
  INVALID_VALUE: "a value to `put` is no Convex value",
  INVALID_RESULT:
    "a function of the configuration, or a batch action, returned something it may not",
  FUNCTION_FAILED: "a function of the configuration threw",
  VALUE_TOO_LARGE: "a value to `put`, or the arguments of a background fill, are over 4 MiB",
  WRONG_CONTEXT: "the context can't do what is called, such as `fetch` or `put` in a query",
  REFUSED_ON_TENANT: "the deprecated `removeAll` is called on a tenant's view",
  INVALID_REQUEST: "a function of the component is called by hand with what no client sends",
} as const;

/** A code that bad input is refused with; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The `data` of a {@link CacheError}. */
export type CacheErrorData = {
  /** Tells what kind of input was refused; stable across releases. */
  code: ErrorCode;
  /** Names the cache, the option, the value and the remedy. */
  message: string;
  /** The name of the cache, where one is concerned. */
  cache?: string;
  /** The option or argument that was refused. */
  option: string;
  /** The refused value, as a string. */
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
  /** What to say of the value, where itself it says too little. */
  says?: string | undefined;
  remedy: string;
}): CacheError {
  const { code, cache, option, remedy } = refused;
  const value = refused.says ?? describe(refused.value);
  const where = cache === undefined ? "action cache" : `action cache \`${cache}\``;
  const message = `${where}: ${option} is ${value}. ${remedy}`;
  const error = new ConvexError({
    code,
    message,
    ...(cache === undefined ? {} : { cache }),
    option,
    value,
  });
  // By itself, its message would be the JSON of its data.
  error.message = `${code}: ${message}`;
  return error;
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
