import { createFunctionHandle, type FunctionReference } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { ComponentApi } from "../component/_generated/component.js";
import type { StoreDecision } from "../shared/engine/fill.js";
import { isCacheError, refusal, tooLarge } from "../shared/errors.js";
import { type EntryTimes, type Verdict, verdictOn } from "../shared/freshness.js";
import { identifyByArgs, identifyByKey } from "../shared/key.js";
import { MAX_RECIPE_BYTES, MAX_VALUE_BYTES } from "../shared/limits.js";
import type {
  EntryKey,
  MutationFetch,
  ReadOptions,
  Runner,
  ScheduleRequest,
  StoreOptions,
  Wire,
} from "../shared/protocol.js";
import { storableForm, storeByNumbers } from "../shared/storing.js";
import { copyOf, copyOfAny, refuseUnsendable, toWire } from "../shared/wire.js";
import type { Warnings } from "../shared/warnings.js";
import { messageOf } from "../shared/wireErrors.js";
import type { ActionContext } from "./contexts.js";
import type { ActionCacheConfig } from "./options.js";
import { returned } from "./userFunctions.js";
import { checkRefresher, checkTags, checkTtlResult } from "./validate.js";

/** A cache, as its calls need it. */
export type Cache = {
  name: string;
  component: ComponentApi;
  config: ActionCacheConfig;
  warnings: Warnings;
  tenant: string | undefined;
};

/** What a call says in place of the configuration. */
export type CallOptions = { ttl?: number | null; tags?: readonly string[]; force?: boolean };

/**
 * One call of a cache: the key of its entry, what it asks of the component, its
 * verdict on what is stored, and how its value is stored.
 *
 * It takes the arguments as they are when it is made, as `ctx.runAction` does, and
 * hands copies to the app's functions: whoever changes them, changes nothing here.
 */
export class FetchCall {
  readonly cache: Cache;
  readonly force: boolean;
  /** What Convex refuses these arguments for; null if it takes them. */
  readonly refused: unknown = null;
  /** Whether the `key` function threw, or returned no Convex value. */
  keyFailed = false;
  readonly #args: Value;
  readonly #options: CallOptions;
  #entryKey: Promise<EntryKey> | undefined;

  constructor(cache: Cache, args: unknown, options: CallOptions = {}) {
    this.cache = cache;
    this.force = options.force ?? false;
    this.#options = options;
    this.#args = (args ?? {}) as Value;
    try {
      refuseUnsendable(this.#args);
      this.#args = copyOf(this.#args);
    } catch (error) {
      this.refused = error;
    }
  }

  /** The key of the call's entry. */
  entryKey(): Promise<EntryKey> {
    this.#entryKey ??= this.#identify();
    return this.#entryKey;
  }

  async #identify(): Promise<EntryKey> {
    const { config, name, tenant } = this.cache;
    if (this.refused !== null) {
      throw refusal({
        code: "INVALID_ARGS",
        cache: name,
        option: "an argument",
        value: this.#args,
        says: "none that Convex takes",
        remedy: messageOf(this.refused),
      });
    }
    if (config.key === undefined) return { name, ...(await identifyByArgs(this.#args, tenant)) };
    try {
      const key: unknown = returned(config.key(copyOf(this.#args) as never));
      refuseUnsendable(key);
      return { name, ...(await identifyByKey(key as Value, tenant)) };
    } catch (error) {
      this.keyFailed = true;
      throw error;
    }
  }

  /** Runs the action: by its reference, so that it has the caller's identity and needs no handle. */
  run(ctx: ActionContext): Promise<unknown> {
    return ctx.runAction(this.cache.config.action, this.#args);
  }

  /** What this call makes of an entry. */
  verdict(entry: EntryTimes & { fillMs: number | null }): Verdict {
    return verdictOn(entry, this.readOptions, Date.now(), Math.random());
  }

  /** How this call reads what is stored. */
  get readOptions(): ReadOptions {
    const { config } = this.cache;
    const ttl = this.#ttl;
    return {
      ttl: typeof ttl === "number" ? ttl : null,
      staleWhileRevalidate: config.staleWhileRevalidate ?? 0,
      staleIfError: config.staleIfError ?? 0,
      refreshAhead: config.refreshAhead ?? false,
      errorTtl: config.errorTtl ?? 0,
    };
  }

  get #ttl() {
    return this.#options.ttl !== undefined ? this.#options.ttl : this.cache.config.ttl;
  }

  /** Whether failures are remembered. */
  get failures(): boolean {
    return this.readOptions.errorTtl > 0;
  }

  /** How long an entry is kept after it ceased to be fresh, in ms. */
  get retain(): number {
    const { staleWhileRevalidate, staleIfError } = this.readOptions;
    return Math.max(staleWhileRevalidate, staleIfError);
  }

  /** Decides how a value that was computed is stored; what keeps it from being stored is said. */
  async store(value: unknown): Promise<StoreDecision> {
    const { warnings } = this.cache;
    try {
      if (!this.#isWanted(value)) return { kind: "skip", reason: "shouldCache returned false" };
      const decision = storeByNumbers(value as Value, this.#numbers(this.#ttlOf(value)));
      if (decision.kind === "skip") {
        warnings.warn("size", `${decision.reason}, so it is not stored. ${USE_FILE_STORAGE}`);
        return decision;
      }
      return { ...decision, ...(await this.#labels(value)) };
    } catch (error) {
      const reason = messageOf(error);
      const about = isCacheError(error) ? error.data.option : "the value";
      warnings.warn(
        `store ${about}`,
        `a value is not stored, and computed anew each time: ${reason}`,
      );
      return { kind: "skip", reason };
    }
  }

  /** How a value that is put is stored. Takes it as it is now, and refuses one that can't be stored. */
  async storeOptionsOf(value: unknown): Promise<StoreOptions> {
    const taken = this.#taken(value);
    const decision = storeByNumbers(taken, this.#numbers(this.#ttlOf(taken)));
    if (decision.kind === "skip") throw tooLarge(this.cache.name);
    const { content, ttl, retain } = decision;
    return { content, ttl, retain, ...(await this.#labels(taken)) };
  }

  #taken(value: unknown): Value {
    try {
      refuseUnsendable(value);
      return copyOf(value as Value);
    } catch (error) {
      const option = "the value to put";
      const remedy = `Give a Convex value, such as null: ${messageOf(error)}`;
      throw refusal({ code: "INVALID_VALUE", cache: this.cache.name, option, value, remedy });
    }
  }

  #isWanted(value: unknown): boolean {
    const { shouldCache } = this.cache.config;
    if (shouldCache === undefined) return true;
    const wanted: unknown = this.#ask("`shouldCache`", shouldCache, value);
    if (typeof wanted === "boolean") return wanted;
    throw refusal({
      code: "INVALID_RESULT",
      cache: this.cache.name,
      option: "the result of `shouldCache`",
      value: wanted,
      remedy: "Return true or false.",
    });
  }

  /** The tags of an entry, and how it can be filled again when they are invalidated. */
  async #labels(value: unknown): Promise<Pick<StoreOptions, "tags" | "recipe">> {
    const { config, name } = this.cache;
    const given = this.#options.tags ?? (config.tags && this.#ask("`tags`", config.tags, value));
    if (given === undefined && config.tags === undefined) return {};
    const tags = checkTags(name, "the result of `tags`", given);
    if (tags.length === 0) return {};
    const { refresher } = config;
    if (!refresher || getConvexSize(this.#args) > MAX_RECIPE_BYTES) return { tags };
    const runner = { kind: "app" as const, refresher: await createFunctionHandle(refresher) };
    return { tags, recipe: { args: toWire(this.#args), runner } };
  }

  /** How long a value is fresh by itself, in ms; null for no end. */
  #ttlOf(value: unknown): number | null {
    const ttl = this.#ttl ?? null;
    if (typeof ttl !== "function") return ttl;
    const chosen = this.#ask("`ttl`", ttl, value);
    checkTtlResult(this.cache.name, chosen);
    return chosen;
  }

  /** Calls a function of the app's with copies, since it may change what it is given. */
  #ask<Result>(
    option: string,
    ask: (call: { args: never; value: never }) => Result,
    value: unknown,
  ): Result {
    try {
      const call = { args: copyOf(this.#args) as never, value: copyOfAny(value) as never };
      return returned(ask(call));
    } catch (error) {
      throw refusal({
        code: "FUNCTION_FAILED",
        cache: this.cache.name,
        option,
        value: error,
        says: `a function that threw: ${messageOf(error)}`,
        remedy: "It must not throw, whatever the arguments and the value are.",
      });
    }
  }

  #numbers(ttl: number | null) {
    const { jitter = 0 } = this.cache.config;
    return { ttl, jitter, retain: this.retain, errorTtl: this.readOptions.errorTtl };
  }

  /** Refuses what can't be filled in the background. */
  checkBackground(because: string): void {
    checkRefresher(this.cache.name, this.cache.config, because);
  }

  /** A request for a background fill; of a reader, with the entry that it saw. */
  async scheduleRequest(reader?: { seen: string }): Promise<ScheduleRequest> {
    const common = await this.#backgroundFill();
    return { ...common, force: false, ...(reader && { ...reader, failures: this.failures }) };
  }

  /** A fetch in a mutation. */
  async mutationFetch(): Promise<MutationFetch> {
    return { ...(await this.#backgroundFill()), force: this.force, read: this.readOptions };
  }

  async #backgroundFill(): Promise<EntryKey & { args: Wire; runner: Runner }> {
    const args = storableForm(this.#args);
    if (typeof args === "string") {
      throw refusal({
        code: "VALUE_TOO_LARGE",
        cache: this.cache.name,
        option: "the arguments",
        value: this.#args,
        says: "too large for a background fill",
        remedy: "Put what is large into file storage, and give the action its id.",
      });
    }
    return { ...(await this.entryKey()), args, runner: await this.#runner() };
  }

  async #runner(): Promise<Runner> {
    const { action, refresher } = this.cache.config;
    if (refresher) return { kind: "app", refresher: await createFunctionHandle(refresher) };
    const handle = await createFunctionHandle(action as FunctionReference<"action">);
    return { kind: "component", action: handle, ...this.#numbers(this.readOptions.ttl) };
  }
}

const USE_FILE_STORAGE =
  `Values up to ${MAX_VALUE_BYTES} bytes are stored: put a larger one into file storage, ` +
  "and return its id from the action.";
