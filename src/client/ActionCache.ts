import { type FunctionArgs, type FunctionReturnType, getFunctionName } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { fromContent } from "../shared/content.js";
import { tooLarge } from "../shared/errors.js";
import { checkBatchSize, checkJitter, checkTtl } from "./checks.js";
import { removeAll } from "./clearing.js";
import type { ActionCacheConfig, AnyAction, FetchOptions } from "./config.js";
import type { ActionContext, MutationContext, QueryContext } from "./contexts.js";
import { fetchValue } from "./fetch.js";
import { report } from "./log.js";
import { Policy } from "./policy.js";
import { sessionOf } from "./session.js";

/** An entry as it is stored; times in ms since 1970. */
export type PeekedEntry<Result> = {
  value: Result;
  /** When the value was stored. */
  createdAt: number;
  /** When it ceases to be fresh; null for never. */
  expiresAt: number | null;
  /** Until when it may be served stale; null for ever. */
  staleUntil: number | null;
  /** Until when a running fill holds the entry's lease; null if none runs. */
  fillingUntil: number | null;
};

/**
 * A read-through cache of an action's results.
 *
 * @example
 * const cache = new ActionCache(components.actionCache, {
 *   action: internal.example.embed,
 *   name: "embed-v1",
 *   ttl: 7 * DAY,
 * });
 * // in an action:
 * const embedding = await cache.fetch(ctx, { text: "fish tacos" });
 */
export class ActionCache<Action extends AnyAction = AnyAction> {
  /** The cache's name: its entries are stored under it. */
  readonly name: string;
  readonly #config: ActionCacheConfig<Action>;

  /**
   * @param component - The installed component, from `components`.
   * @param config - How the cache works; see {@link ActionCacheConfig}.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  constructor(
    readonly component: ComponentApi,
    config: ActionCacheConfig<Action>,
  ) {
    this.name = config.name || getFunctionName(config.action);
    this.#config = config;
    if (typeof config.ttl !== "function") checkTtl(this.name, "`ttl`", config.ttl);
    checkJitter(this.name, config.jitter);
  }

  /**
   * Resolves to the value for these arguments: the stored one if it is fresh,
   * else that of a run of the action, one for all who ask at once.
   *
   * @throws What the action throws; a {@link CacheError} if `ttl` is out of range.
   */
  async fetch(
    ctx: ActionContext,
    args: FunctionArgs<Action>,
    options: FetchOptions = {},
  ): Promise<FunctionReturnType<Action>> {
    checkTtl(this.name, "the `ttl` of this fetch", options.ttl);
    const policy = this.#policy(args, options.ttl);
    const fetched = await fetchValue(sessionOf(ctx, this.component), policy, {
      ttl: policy.readTtl,
      force: options.force ?? false,
    });
    report(this.#config.log, {
      type: "action-cache-stats",
      name: this.name,
      ...fetched.event,
    });
    return fetched.value;
  }

  /**
   * Resolves to the entry as it is stored, fresh or not, or to null. Reads no
   * clock and runs nothing, so a query that calls it is live.
   */
  async peek(
    ctx: QueryContext,
    args: FunctionArgs<Action>,
  ): Promise<PeekedEntry<FunctionReturnType<Action>> | null> {
    const place = await this.#policy(args).place();
    const { entry, fillingUntil } = await ctx.runQuery(this.component.entries.peek, place);
    if (entry === null) return null;
    const { content, createdAt, expiresAt } = entry;
    return {
      value: fromContent(content) as FunctionReturnType<Action>,
      createdAt,
      expiresAt,
      staleUntil: expiresAt,
      fillingUntil,
    };
  }

  /**
   * Stores a value that was computed elsewhere. It counts as computed now: a fill
   * that is running will not overwrite it.
   *
   * @param options - `ttl` in ms, in place of the configured one.
   * @throws A {@link CacheError} if the value is over 15.9 MiB, or the ttl out of range.
   */
  async put(
    ctx: MutationContext,
    args: FunctionArgs<Action>,
    value: FunctionReturnType<Action>,
    options: { ttl?: number } = {},
  ): Promise<void> {
    checkTtl(this.name, "the `ttl` of this put", options.ttl);
    const policy = this.#policy(args, options.ttl);
    const place = await policy.place();
    const content = policy.pack(value, place);
    if (content === null) throw tooLarge(this.name);
    const ttl = policy.ttlOf(value);
    await ctx.runMutation(this.component.entries.put, {
      ...place,
      content,
      ttl,
    });
  }

  /**
   * Removes one entry, and voids a fill of it that is running. In a mutation, it
   * commits or rolls back with it.
   *
   * @returns Whether there was an entry; an expired one counts.
   */
  async remove(ctx: MutationContext, args: FunctionArgs<Action>): Promise<boolean> {
    const place = await this.#policy(args).place();
    return await ctx.runMutation(this.component.entries.remove, place);
  }

  /**
   * Clears all entries of this cache's name: at once for readers, in the
   * background for storage.
   *
   * @param options - `batchSize`, from 1 to 1,000: that many are also deleted before it returns.
   * @throws A {@link CacheError} if the batch size is out of range.
   */
  async removeAllForName(
    ctx: MutationContext,
    options: { batchSize?: number } = {},
  ): Promise<null> {
    const { batchSize } = options;
    checkBatchSize(this.name, batchSize);
    const { name } = this;
    return await ctx.runMutation(this.component.lib.removeAll, {
      name,
      ...(batchSize === undefined ? {} : { batchSize }),
    });
  }

  /**
   * Clears all caches of the component, of every name.
   *
   * @deprecated Call the function {@link removeAll}, which says what it does.
   */
  removeAll(ctx: MutationContext, before?: number): Promise<null> {
    return removeAll(ctx, this.component, before);
  }

  #policy(args: FunctionArgs<Action>, ttl?: number): Policy {
    // Inside, a cache's arguments and values are what Convex carries, of any shape.
    return new Policy(this.name, this.#config, args, ttl);
  }
}
