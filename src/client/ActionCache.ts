import { type FunctionArgs, type FunctionReturnType, getFunctionName } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { uncarry } from "../shared/carry.js";
import { fetchInMutation, runScheduled } from "./background.js";
import { checkBatchSize, checkConfig, checkTags, checkTenant, checkTtl } from "./checks.js";
import { removeAll } from "./clearing.js";
import type { ActionCacheConfig, AnyAction, FetchOptions } from "./config.js";
import {
  type ActionContext,
  isActionContext,
  type MutationContext,
  type MutationOnlyContext,
  type QueryContext,
} from "./contexts.js";
import { fetchValue } from "./fetch.js";
import { type LogEvent, report } from "./log.js";
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

/** What a fetch resolves to, and how it was come by; times in ms since 1970. */
export type FetchedEntry<Result> = {
  value: Result;
  /**
   * `hit`: stored and fresh; `stale`: stored and served past its ttl; `filled`:
   * this fetch ran the action; `coalesced`: another one did, at the same time.
   */
  status: "hit" | "stale" | "filled" | "coalesced";
  /** When the value was stored, or computed where it was not stored. */
  createdAt: number;
  /** When it ceases to be fresh; null for never. At once, where it was not stored. */
  expiresAt: number | null;
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
  #tenant: string | undefined;

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
    checkConfig(this.name, config);
  }

  /**
   * Resolves to the value for these arguments: the stored one if it is fresh, or
   * stale within its window; else that of a run of the action, one for all who
   * ask at once.
   *
   * A mutation can't run the action: there it resolves to the stored value, or
   * null, and schedules a refresh in the mutation's transaction where that is
   * missing or not fresh.
   *
   * @throws What the action throws; a {@link CacheError} if `ttl` is out of range.
   */
  async fetch(
    ctx: ActionContext,
    args: FunctionArgs<Action>,
    options?: FetchOptions,
  ): Promise<FunctionReturnType<Action>>;
  async fetch(
    ctx: MutationOnlyContext,
    args: FunctionArgs<Action>,
    options?: FetchOptions,
  ): Promise<FunctionReturnType<Action> | null>;
  async fetch(
    ctx: ActionContext | MutationOnlyContext,
    args: FunctionArgs<Action>,
    options?: FetchOptions,
  ): Promise<FunctionReturnType<Action> | null>;
  // The last overload is the one that `ReturnType` sees.
  async fetch(
    ctx: ActionContext,
    args: FunctionArgs<Action>,
    options?: FetchOptions,
  ): Promise<FunctionReturnType<Action>>;
  async fetch(
    ctx: ActionContext | MutationOnlyContext,
    args: FunctionArgs<Action>,
    options: FetchOptions = {},
  ): Promise<FunctionReturnType<Action> | null> {
    if (isActionContext(ctx)) return (await this.fetchEntry(ctx, args, options)).value;
    const { ttl, force = false } = options;
    checkTtl(this.name, "the `ttl` of this fetch", ttl);
    const policy = this.#policy(args, { ttl });
    const fetched = await fetchInMutation(ctx, this.component, policy, force);
    this.#report(fetched.event);
    return fetched.value;
  }

  /**
   * Fetches as {@link ActionCache.fetch} does in an action, and tells how the
   * value was come by, when it was stored, and when it ceases to be fresh.
   *
   * @throws What the action throws; a {@link CacheError} if `ttl` is out of range.
   */
  async fetchEntry(
    ctx: ActionContext,
    args: FunctionArgs<Action>,
    { ttl, force = false }: FetchOptions = {},
  ): Promise<FetchedEntry<FunctionReturnType<Action>>> {
    checkTtl(this.name, "the `ttl` of this fetch", ttl);
    const session = sessionOf(ctx, this.component);
    const { event, ...entry } = await fetchValue(session, this.#policy(args, { ttl }), force);
    this.#report(event);
    return entry;
  }

  /**
   * Resolves to the entry as it is stored, fresh or not, or to null. Reads no
   * clock and runs nothing, so a query that calls it is live.
   */
  async peek(
    ctx: QueryContext,
    args: FunctionArgs<Action>,
  ): Promise<PeekedEntry<FunctionReturnType<Action>> | null> {
    const policy = this.#policy(args);
    const { entry, fillingUntil } = await ctx.runQuery(
      this.component.entries.peek,
      await policy.place(),
    );
    if (entry === null) return null;
    const { content, createdAt, expiresAt } = entry;
    const staleUntil = expiresAt === null ? null : expiresAt + policy.staleWhileRevalidate;
    return {
      value: uncarry(content) as FunctionReturnType<Action>,
      createdAt,
      expiresAt,
      staleUntil: staleUntil === Infinity ? null : staleUntil,
      fillingUntil,
    };
  }

  /**
   * Stores a value that was computed elsewhere. It counts as computed now: a fill
   * that is running will not overwrite it.
   *
   * @param options - `ttl` in ms, and `tags`, in place of the configured ones.
   * @throws A {@link CacheError} if the value is over 15.9 MiB, or an option out of range.
   */
  async put(
    ctx: MutationContext,
    args: FunctionArgs<Action>,
    value: FunctionReturnType<Action>,
    options: { ttl?: number; tags?: string[] } = {},
  ): Promise<void> {
    checkTtl(this.name, "the `ttl` of this put", options.ttl);
    if (options.tags) checkTags(this.name, "the `tags` of this put", options.tags);
    const policy = this.#policy(args, options);
    const place = await policy.place();
    const terms = await policy.terms(value);
    await ctx.runMutation(this.component.entries.put, { ...place, ...terms });
  }

  /**
   * Schedules a background fill of the entry, unless one is scheduled or running.
   * In a mutation, it commits or rolls back with it.
   *
   * @throws A {@link CacheError} if the cache has functions of its own and no `refresher`.
   */
  async refresh(ctx: MutationContext, args: FunctionArgs<Action>): Promise<null> {
    const policy = this.#policy(args);
    policy.checkBackground("`refresh`");
    const request = await policy.schedule(policy.place(), false);
    await ctx.runMutation(this.component.fills.schedule, { requests: [request] });
    return null;
  }

  /**
   * Makes an entry stale from now, if it is fresh: the windows of stale service
   * begin, and doing it again extends nothing. A fill that is running stores its
   * value as stale.
   */
  async expire(ctx: MutationContext, args: FunctionArgs<Action>): Promise<null> {
    const policy = this.#policy(args);
    const { retain } = policy;
    const place = await policy.place();
    return await ctx.runMutation(this.component.entries.expire, { ...place, retain });
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
   * Clears all entries of this cache's name, of all its tenants; of a tenant's
   * view, that tenant's only. At once for readers, in the background for storage.
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
    const { name, component } = this;
    const tenant = this.#tenant;
    if (tenant === undefined) {
      return await ctx.runMutation(component.lib.removeAll, { name, batchSize });
    }
    return await ctx.runMutation(component.invalidations.clearTenant, { tenant, name, batchSize });
  }

  /**
   * A view of this cache for one tenant: the same in all but its entries, which
   * no other tenant's arguments, names or tags can reach. Its
   * `removeAllForName` clears this tenant's entries only.
   *
   * @param id - 1 to 256 characters.
   * @throws A {@link CacheError} if the id is empty or too long.
   *
   * @example
   * const summary = await summaries.forTenant(user.teamId).fetch(ctx, { month });
   */
  forTenant(id: string): ActionCache<Action> {
    checkTenant(this.name, id);
    const view = new ActionCache(this.component, { ...this.#config, name: this.name });
    view.#tenant = id;
    return view;
  }

  /**
   * Clears all caches of the component, of every name.
   *
   * @deprecated Call the function {@link removeAll}, which says what it does.
   */
  removeAll(ctx: MutationContext, before?: number): Promise<null> {
    return removeAll(ctx, this.component, before);
  }

  /** Runs a fill that was scheduled. Called by the function that `refresher` makes, and by nobody else. */
  async runScheduled(ctx: ActionContext, token: string, args: unknown): Promise<void> {
    const policyFor = (fillArgs: unknown, tenant?: string) => this.#policy(fillArgs, { tenant });
    await runScheduled(ctx, this.component, policyFor, { token, name: this.name, args });
  }

  #report(event: Omit<LogEvent, "type" | "name">): void {
    report(this.#config.log, { type: "action-cache-stats", name: this.name, ...event });
  }

  #policy(
    args: FunctionArgs<Action>,
    call: { ttl?: number; tags?: string[]; tenant?: string } = {},
  ): Policy {
    // Inside, a cache's arguments and values are what Convex carries, of any shape.
    const config = this.#config as ActionCacheConfig;
    return new Policy(this.name, config, args, { tenant: this.#tenant, ...call });
  }
}
