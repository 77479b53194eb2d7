export { ActionCache } from "./ActionCache.js";
export type { FetchedEntry, PeekedEntry } from "./entries.js";
export type { EntryPage, ListedEntry, ListOptions } from "./list.js";
export type { Explanation } from "../shared/inspectProtocol.js";
export { type Reason, verdict } from "../shared/verdict.js";
export {
  ALL_TENANTS,
  type InvalidateOptions,
  invalidateTags,
  removeAll,
  removeAllForTenant,
} from "./invalidate.js";
export { inspectorApi, type InspectorOptions } from "./inspector/inspectorApi.js";
export type { InspectorAccess } from "./inspector/guard.js";
export type { InspectableCache } from "./inspector/inspected.js";
export type { InspectedEntry } from "../shared/inspectorProtocol.js";
export { Lock, type LockOptions, type WaitOptions } from "./Lock.js";
export type { HeldLock } from "../shared/lockProtocol.js";
export type {
  ActionCacheConfig,
  AnyAction,
  ArgsAndValue,
  FetchOptions,
  PutOptions,
} from "./options.js";
export { refresher } from "./refresher.js";
export type { LogEvent, LogOption } from "../shared/events.js";
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
export type { Figures } from "../shared/statsProtocol.js";
