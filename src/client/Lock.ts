import type { ComponentApi } from "../component/_generated/component.js";
import { Heartbeat } from "../shared/engine/heartbeat.js";
import type { HeldLock } from "../shared/lockProtocol.js";
import { MINUTE } from "../shared/time.js";
import { Warnings } from "../shared/warnings.js";
import { messageOf } from "../shared/wireErrors.js";
import { acquireWithin } from "./acquire.js";
import type {
  ActionContext,
  MutationContext,
  MutationOnlyContext,
  QueryContext,
} from "./contexts.js";
import * as validate from "./validateLock.js";

/** Options of a {@link Lock}. */
export type LockOptions = {
  /** Says what such locks protect; two locks of one name and key are the same. 1 to 256 characters. */
  name: string;
  /**
   * How long a lock holds without a heartbeat, in ms, from one second to one day: a
   * crash frees it after that. Default: one minute.
   */
  ttl?: number;
};

/** Options of {@link Lock.acquire} and {@link Lock.withLock}. */
export type WaitOptions = {
  /** How long to wait for the lock, in ms. Default: of `acquire` 0, of `withLock` the lock's ttl. */
  wait?: number;
};

/**
 * A mutex for each key of a name, of which an action or a mutation is the owner.
 *
 * Two owners never hold one key at once, unless the lock of the first has lapsed: then
 * {@link Lock.assertHeld} keeps it from writing.
 *
 * @example
 * const billing = new Lock(components.actionCache, { name: "billing" });
 * // in an action:
 * await billing.withLock(ctx, userId, async (token) => {
 *   const receipt = await charge(userId);
 *   await ctx.runMutation(internal.billing.record, { userId, token, receipt });
 * });
 * // in the mutation `record`:
 * await billing.assertHeld(ctx, userId, token);
 */
export class Lock {
  /** The lock's name. */
  readonly name: string;
  /** The installed component. */
  readonly component: ComponentApi;
  readonly #ttl: number;
  readonly #warnings: Warnings;

  /**
   * @param component - The installed component, from `components`.
   * @throws A {@link CacheError} if an option is out of its range.
   */
  constructor(component: ComponentApi, { name, ttl = MINUTE }: LockOptions) {
    validate.checkOptions(name, ttl);
    this.component = component;
    this.name = name;
    this.#ttl = ttl;
    this.#warnings = new Warnings(name, "lock");
  }

  /**
   * Acquires the lock of a key, which then holds until it is released, or until its
   * ttl has passed. In a mutation it makes one attempt, in that transaction.
   *
   * @param key - 1 to 256 characters.
   * @returns The owner's token, or null if another owns the lock, the caller included.
   * @throws A {@link CacheError} if the key or `wait` is out of range, or a mutation is to wait.
   */
  async acquire(ctx: ActionContext, key: string, options?: WaitOptions): Promise<string | null>;
  async acquire(ctx: MutationContext, key: string): Promise<string | null>;
  async acquire(
    ctx: MutationContext,
    key: string,
    { wait = 0 }: WaitOptions = {},
  ): Promise<string | null> {
    validate.checkContext(this.name, ctx, "acquire", "an action or a mutation");
    validate.checkWait(this.name, ctx, wait);
    return await this.#acquire(ctx, key, wait);
  }

  /**
   * Frees the lock of a key, in a mutation together with what that writes. Only its
   * owner's token does.
   *
   * @returns Whether it was held until now: false for another's token, and for a lock that has lapsed.
   * @throws A {@link CacheError} if the key or the token is no such string.
   */
  async release(ctx: MutationContext, key: string, token: string): Promise<boolean> {
    validate.checkContext(this.name, ctx, "release", "an action or a mutation");
    const owned = this.#owned(key, token);
    return await ctx.runMutation(this.component.locks.release, owned);
  }

  /**
   * Throws unless the lock is held by the owner of the token, when this mutation commits.
   *
   * Call it in the mutation that writes what the lock protects. It reads the lock in the
   * mutation's transaction. So if another acquires it before the mutation commits, Convex
   * runs the mutation again, and it throws: an owner whose lock lapsed can't write.
   *
   * @throws A {@link CacheError} with the code `LOCK_LOST`.
   */
  async assertHeld(ctx: MutationOnlyContext, key: string, token: string): Promise<void> {
    validate.checkContext(this.name, ctx, "assertHeld", "a mutation");
    const owned = this.#owned(key, token);
    const isHeld = await ctx.runQuery(this.component.locks.isHeld, owned);
    if (!isHeld) throw validate.lost(this.name, key);
  }

  /**
   * Runs a function while it owns the lock of a key, with a heartbeat that keeps the
   * lock for as long as that takes, and releases it at the end, whatever happens.
   *
   * @param fn - Gets the owner's token, for {@link Lock.assertHeld}.
   * @param options - `wait`, in ms. Default: the lock's ttl, which outlasts an owner that has crashed.
   * @returns What the function returns.
   * @throws What the function throws; a {@link CacheError} with the code `LOCK_NOT_ACQUIRED`
   * if the lock does not become free in time, or one for bad input.
   */
  async withLock<T>(
    ctx: ActionContext,
    key: string,
    fn: (token: string) => T | Promise<T>,
    { wait = this.#ttl }: WaitOptions = {},
  ): Promise<T> {
    validate.checkContext(this.name, ctx, "withLock", "an action");
    validate.checkWait(this.name, ctx, wait);
    const token = await this.#acquire(ctx, key, wait);
    if (token === null) throw validate.notAcquired(this.name, key, wait);
    const { locks } = this.component;
    const heartbeat = new Heartbeat(
      (tokens) => ctx.runMutation(locks.heartbeat, { tokens }),
      (error) => this.#warnings.warn("heartbeat", lostHeartbeat(error)),
      this.#ttl,
    );
    try {
      return await heartbeat.during(token, async () => await fn(token));
    } finally {
      await this.#releaseAtEnd(ctx, key, token);
    }
  }

  /**
   * Resolves to who holds the lock of a key, or to null. Reads no clock, so a query that
   * calls it is live: a lock whose `expiresAt` has passed is free, though it may still be here.
   *
   * @throws A {@link CacheError} if the key is out of range.
   */
  async check(ctx: QueryContext, key: string): Promise<HeldLock | null> {
    validate.checkKey(this.name, key);
    return await ctx.runQuery(this.component.locks.check, { name: this.name, key });
  }

  /**
   * Lists the locks of this name, up to 1,000, in the order of their keys. Reads no
   * clock, as {@link Lock.check}.
   *
   * @param options - `after`, the last key of the list before.
   * @throws A {@link CacheError} if `after` is out of range.
   */
  async list(ctx: QueryContext, { after }: { after?: string } = {}): Promise<HeldLock[]> {
    if (after !== undefined) validate.checkKey(this.name, after, "`after`");
    return await ctx.runQuery(this.component.locks.list, { name: this.name, after });
  }

  async #acquire(ctx: MutationContext, key: string, wait: number): Promise<string | null> {
    validate.checkKey(this.name, key);
    const request = { name: this.name, key, ttl: this.#ttl };
    return await acquireWithin(ctx, this.component, request, wait);
  }

  #owned(key: string, token: string) {
    validate.checkKey(this.name, key);
    validate.checkToken(this.name, token);
    return { name: this.name, key, token };
  }

  /** What a function returned or threw reaches its caller, whatever becomes of the lock. */
  async #releaseAtEnd(ctx: ActionContext, key: string, token: string): Promise<void> {
    try {
      if (!(await this.release(ctx, key, token))) this.#warnings.warn("lapsed", LAPSED);
    } catch (error) {
      this.#warnings.warn("release", notReleased(error));
    }
  }
}

const LAPSED =
  "a lock was no longer held at the end of `withLock`. Unless the function released it, it " +
  "lapsed, and another may have held it meanwhile. Give a longer `ttl`, and call `assertHeld` in " +
  "the mutations that write.";

const lostHeartbeat = (error: unknown) =>
  `a heartbeat failed: ${messageOf(error)}. If three in a row do, the lock lapses, and another ` +
  "may acquire it. Look at the component's errors in the logs.";

const notReleased = (error: unknown) =>
  `a lock could not be released: ${messageOf(error)}. It lapses after its \`ttl\`. ` +
  "Look at the component's errors in the logs.";
