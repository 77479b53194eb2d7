export { ActionCache, type FetchedEntry, type PeekedEntry } from "./ActionCache.js";
export {
  type InvalidateOptions,
  invalidateTags,
  removeAll,
  removeAllForTenant,
} from "./clearing.js";
export type { ActionCacheConfig, AnyAction, FetchOptions } from "./config.js";
export { refresher } from "./refresher.js";
export type { LogEvent } from "./log.js";
export type { ComponentApi } from "../component/_generated/component.js";
export {
  type CacheError,
  type CacheErrorData,
  ERROR_CODES,
  type ErrorCode,
  isCacheError,
} from "../shared/errors.js";
export { type Freshness, freshness } from "../shared/freshness.js";
export { DAY, HOUR, MINUTE, SECOND } from "../shared/time.js";
