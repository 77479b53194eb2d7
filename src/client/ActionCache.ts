import type { FunctionArgs, FunctionReturnType } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import type { Explained, Explanation } from "../shared/inspectProtocol.js";
import type { EntryKey, ReadOptions } from "../shared/protocol.js";
import { Warnings } from "../shared/warnings.js";
import {
  type ActionContext,
  isActionContext,
  type MutationContext,
  type MutationOnlyContext,
  type QueryContext,
} from "./contexts.js";
import { explain, explainEntry } from "./explain.js";
import { fetchEntry } from "./fetch.js";
import type { Cache } from "./cache.js";
import { type CallOptions, FetchCall } from "./fetchCall.js";
import type { FetchedEntry, PeekedEntry } from "./entries.js";
import { removeAll, removeAllForName } from "./invalidate.js";
import { type EntryPage, list, type ListOptions } from "./list.js";
import { fetchInMutation } from "./mutationFetch.js";
import { nameOf } from "./name.js";
import { peekEntry } from "./peek.js";
import type { ActionCacheConfig, AnyAction, FetchOptions, PutOptions } from "./options.js";
import { runScheduled } from "./scheduled.js";
import { scopeOf } from "./scope/scope.js";
import { statsOf } from "./stats.js";
import type { Figures } from "../shared/statsProtocol.js";
import * as validate from "./validate.js";

type Args<Action extends AnyAction> = FunctionArgs<Action>;
type Result<Action extends AnyAction> = FunctionReturnType<Action>;

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
  /** The installed component. */
  readonly component: ComponentApi;
  readonly #config: ActionCacheConfig<Action>;
  #tenant: string | undefined;
  #warnings: Warnings;

  /**
   * @param component - The installed component, from `components`.
   * @param config - How the cache works; see {@link ActionCacheConfig}.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  constructor(component: ComponentApi, config: ActionCacheConfig<Action>) {
    this.component = component;
    this.name = nameOf(config);
    this.#config = config;
    this.#warnings = new Warnings(this.name);
    validate.checkConfig(this.name, config);
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
    args: Args<Action>,
    options?: FetchOptions,
  ): Promise<Result<Action>>;
  async fetch(
    ctx: MutationOnlyContext,
    args: Args<Action>,
    options?: FetchOptions,
  ): Promise<Result<Action> | null>;
  async fetch(
    ctx: ActionContext | MutationOnlyContext,
    args: Args<Action>,
    options?: FetchOptions,
  ): Promise<Result<Action> | null>;
  // The last overload is the one that `ReturnType` sees.
  async fetch(
    ctx: ActionContext,
    args: Args<Action>,
    options?: FetchOptions,
  ): Promise<Result<Action>>;
  async fetch(
    ctx: ActionContext | MutationOnlyContext,
    args: Args<Action>,
    options: FetchOptions = {},
  ): Promise<Result<Action> | null> {
    if (isActionContext(ctx)) return (await this.fetchEntry(ctx, args, options)).value;
    validate.checkWrites(ctx, "fetch", this.name);
    return await fetchInMutation(ctx, this.#fetchCall(args, options));
  }

  /**
   * Fetches as {@link ActionCache.fetch} does in an action, and tells how the
   * value came about, when it was stored, and when it ceases to be fresh.
   *
   * @throws What the action throws; a {@link CacheError} if `ttl` is out of range.
   */
  async fetchEntry(
    ctx: ActionContext,
    args: Args<Action>,
    options: FetchOptions = {},
  ): Promise<FetchedEntry<Result<Action>>> {
    if (!isActionContext(ctx)) throw validate.wrongContext(this.name, "fetchEntry", "an action");
    return await fetchEntry(scopeOf(ctx, this.#cache), this.#fetchCall(args, options));
  }

  /**
   * Resolves to the entry as it is stored, fresh or not, or to null. Reads no
   * clock and runs nothing, so a query that calls it is live.
   */
  async peek(ctx: QueryContext, args: Args<Action>): Promise<PeekedEntry<Result<Action>> | null> {
    return await peekEntry<Result<Action>>(ctx, this.#call(args));
  }

  /**
   * Tells why a fetch would be a hit or not; see {@link verdict}. Reads no clock, so
   * a query that calls it is live.
   */
  async explain(ctx: QueryContext, args: Args<Action>): Promise<Explanation> {
    return await explain(ctx, this.#call(args));
  }

  /**
   * Resolves to a page of the entries that no invalidation removed, expired ones
   * too, without their values. Reads no clock.
   *
   * @throws A {@link CacheError} if an option is out of its range.
   */
  async list(ctx: QueryContext, options: ListOptions): Promise<EntryPage<Args<Action>>> {
    return await list(ctx, this.#cache, this.#readOptions, options);
  }

  /**
   * Stores a value that was computed elsewhere. It counts as computed now: a fill
   * that is running will not overwrite it.
   *
   * @param options - See {@link PutOptions}; they stand in place of the configured functions.
   * @throws A {@link CacheError} if the value is over 4 MiB or no Convex value, or an option out of range.
   */
  async put(
    ctx: MutationContext,
    args: Args<Action>,
    value: Result<Action>,
    { ttl, tags }: PutOptions = {},
  ): Promise<void> {
    validate.checkWrites(ctx, "put", this.name);
    validate.checkTtl(this.name, ttl, "put");
    const distinct = tags && validate.checkTags(this.name, "the `tags` of this put", tags);
    const call = this.#call(args, { ttl, tags: distinct });
    const options = await call.storing.optionsOf(value);
    const entryKey = await call.entryKey();
    await ctx.runMutation(this.component.entries.put, { ...entryKey, options });
  }

  /**
   * Schedules a background fill of the entry, unless one is scheduled or running.
   * In a mutation, it commits or rolls back with it.
   *
   * @throws A {@link CacheError} if the cache has functions of its own and no `refresher`.
   */
  async refresh(ctx: MutationContext, args: Args<Action>): Promise<null> {
    validate.checkWrites(ctx, "refresh", this.name);
    const call = this.#call(args);
    call.checkBackground("`refresh`");
    const requests = [await call.scheduleRequest()];
    await ctx.runMutation(this.component.fills.schedule, { requests });
    return null;
  }

  /**
   * Makes an entry stale from now, if it is fresh: the windows of stale service
   * begin, and doing it again extends nothing. A fill that is running stores its
   * value as stale.
   */
  async expire(ctx: MutationContext, args: Args<Action>): Promise<null> {
    validate.checkWrites(ctx, "expire", this.name);
    const call = this.#call(args);
    const request = { ...(await call.entryKey()), retain: call.retain };
    return await ctx.runMutation(this.component.entries.expire, request);
  }

  /**
   * Removes one entry, and voids a fill of it that is running. In a mutation, it
   * commits or rolls back with it.
   *
   * @returns Whether there was an entry; an expired one counts.
   */
  async remove(ctx: MutationContext, args: Args<Action>): Promise<boolean> {
    validate.checkWrites(ctx, "remove", this.name);
    const entryKey = await this.#call(args).entryKey();
    return await ctx.runMutation(this.component.entries.remove, entryKey);
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
    return await removeAllForName(ctx, this.#cache, options.batchSize);
  }

  /**
   * Resolves to the figures of this cache, with all its tenants; of a tenant's view,
   * that tenant's only. In a query, they are live.
   *
   * @param options - `since`, in ms: counters from the beginning of that hour on. Default: all.
   * @throws A {@link CacheError} if the cache keeps no figures, or `since` is no number.
   */
  async stats(ctx: QueryContext, { since }: { since?: number } = {}): Promise<Figures> {
    return await statsOf(ctx, this.#cache, since);
  }

  /**
   * Sets the counters back to 0, of this cache and all its tenants; of a tenant's
   * view, that tenant's only. `entries` and `bytes` stay.
   */
  async resetStats(ctx: MutationContext): Promise<null> {
    validate.checkWrites(ctx, "resetStats", this.name);
    const { name, tenant } = this.#cache;
    return await ctx.runMutation(this.component.stats.reset, { name, tenant });
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
    validate.checkTenant(this.name, id);
    const view = new ActionCache(this.component, { ...this.#config, name: this.name });
    view.#tenant = id;
    view.#warnings = this.#warnings;
    return view;
  }

  /**
   * Clears all caches of the component, of every name.
   *
   * @deprecated Call the function {@link removeAll}. Refused on a tenant's view, as it would clear all.
   */
  async removeAll(ctx: MutationContext, before?: number): Promise<null> {
    validate.refuseTenant(this.name, this.#tenant);
    return await removeAll(ctx, this.component, before);
  }

  /** Runs a fill that was scheduled. Called by the function that `refresher` makes, and by nobody else. */
  async runScheduled(ctx: ActionContext, token: string, args: unknown): Promise<void> {
    await runScheduled(ctx, this.#cache, token, args);
  }

  /** Explains an entry by its key, with what is stored if asked for. Called by `inspectorApi`, and by nobody else. */
  async explainEntry(
    ctx: QueryContext,
    entryKey: EntryKey,
    withContent: boolean,
  ): Promise<Explained> {
    return await explainEntry(ctx, this.#cache, this.#readOptions, entryKey, withContent);
  }

  /** How entries are read by a call that has no options of its own. */
  get #readOptions(): ReadOptions {
    return this.#call({}).readOptions;
  }

  get #cache(): Cache {
    const { name, component } = this;
    // Inside, a cache's arguments and values are Convex's, of any shape.
    const config = this.#config as ActionCacheConfig;
    return { name, component, config, warnings: this.#warnings, tenant: this.#tenant };
  }

  #fetchCall(args: Args<Action>, { ttl, force }: FetchOptions): FetchCall {
    validate.checkTtl(this.name, ttl, "fetch");
    return this.#call(args, { ttl, force });
  }

  #call(args: Args<Action>, options: CallOptions = {}): FetchCall {
    return new FetchCall(this.#cache, args, options);
  }
}
