import type { ComponentApi } from "../component/_generated/component.js";
import { ActionCache as Cache } from "./ActionCache.js";
import type { Inline } from "./inline.js";
import type { ActionCacheConfig, AnyAction, BatchConfig, ComputeConfig } from "./options.js";

/** Infers the types of a cache's calls from whatever computes its values. */
interface ActionCacheConstructor {
  /**
   * A cache of an action's results.
   *
   * @param component - The installed component, from `components`.
   * @param config - How the cache works; see {@link ActionCacheConfig}.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  new <Action extends AnyAction = AnyAction>(
    component: ComponentApi,
    config: ActionCacheConfig<Action>,
  ): Cache<Action>;

  /**
   * A cache of what `compute` computes in the action that fetches.
   *
   * @param component - The installed component, from `components`.
   * @param config - How the cache works; see {@link ComputeConfig}.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  new <Args, Result>(
    component: ComponentApi,
    config: ComputeConfig<Args, Result>,
  ): Cache<Inline<Args, Result>>;

  /**
   * A cache of what an action computes for many arguments at once.
   *
   * @param component - The installed component, from `components`.
   * @param config - How the cache works; see {@link BatchConfig}.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  new <Args, Result>(
    component: ComponentApi,
    config: BatchConfig<Args, Result>,
  ): Cache<Inline<Args, Result>>;
}

export type ActionCache<Action extends AnyAction = AnyAction> = Cache<Action>;

/**
 * The class under its own name. A constructor of a class has no type parameters
 * of its own, by which it could infer them from a function.
 */
export const ActionCache: ActionCacheConstructor = Cache;
