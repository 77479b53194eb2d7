import { createFunctionHandle } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { StoreDecision } from "../shared/engine/fill.js";
import { isCacheError, refusal, tooLarge } from "../shared/errors.js";
import { MAX_RECIPE_BYTES, MAX_VALUE_BYTES } from "../shared/limits.js";
import type { StoreOptions, Tracking } from "../shared/protocol.js";
import { storeByNumbers } from "../shared/storing.js";
import { copyOf, copyOfAny, refuseUnsendable, toWire } from "../shared/wire.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import { isExpected } from "./checkValue.js";
import type { ActionCacheConfig } from "./options.js";
import { returned } from "./userFunctions.js";
import { checkTags, checkTtlResult } from "./validate.js";

type StoringOptions = {
  ttl: ActionCacheConfig["ttl"];
  /** Tags in place of what the app's function returns. */
  tags: readonly string[] | undefined;
  retain: number;
  errorTtl: number;
  tracking: Tracking | undefined;
};

/** How one call of a cache stores a value, by the app's functions and numbers. */
export class Storing {
  readonly #cache: Cache;
  readonly #args: Value;
  readonly #options: StoringOptions;

  constructor(cache: Cache, args: Value, options: StoringOptions) {
    this.#cache = cache;
    this.#args = args;
    this.#options = options;
  }

  /** Decides how a value that was computed is stored; what keeps it from being stored is said. */
  async store(value: unknown): Promise<StoreDecision> {
    const { warnings } = this.#cache;
    try {
      if (!this.#isWanted(value)) return { kind: "skip", reason: "shouldCache returned false" };
      if (!isExpected(this.#cache, value)) {
        warnings.warn("shape", NEVER_SERVED);
        return { kind: "skip", reason: "checkValue returned false" };
      }
      const decision = storeByNumbers(value as Value, this.numbers(this.#ttlOf(value)));
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
  async optionsOf(value: unknown): Promise<StoreOptions> {
    const taken = this.#taken(value);
    const decision = storeByNumbers(taken, this.numbers(this.#ttlOf(taken)));
    if (decision.kind === "skip") throw tooLarge(this.#cache.name);
    const { kind: _, ...options } = decision;
    return { ...options, ...(await this.#labels(taken)) };
  }

  #taken(value: unknown): Value {
    try {
      refuseUnsendable(value);
      return copyOf(value as Value);
    } catch (error) {
      const option = "the value to put";
      const remedy = `Give a Convex value, such as null: ${messageOf(error)}`;
      throw refusal({ code: "INVALID_VALUE", cache: this.#cache.name, option, value, remedy });
    }
  }

  #isWanted(value: unknown): boolean {
    const { shouldCache } = this.#cache.config;
    if (shouldCache === undefined) return true;
    const wanted: unknown = this.#ask("`shouldCache`", shouldCache, value);
    if (typeof wanted === "boolean") return wanted;
    throw refusal({
      code: "INVALID_RESULT",
      cache: this.#cache.name,
      option: "the result of `shouldCache`",
      value: wanted,
      remedy: "Return true or false.",
    });
  }

  /** The tags of an entry, and how it can be filled again when they are invalidated. */
  async #labels(value: unknown): Promise<Pick<StoreOptions, "tags" | "recipe">> {
    const { config, name } = this.#cache;
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
    const ttl = this.#options.ttl ?? null;
    if (typeof ttl !== "function") return ttl;
    const chosen = this.#ask("`ttl`", ttl, value);
    checkTtlResult(this.#cache.name, chosen);
    return chosen;
  }

  /** What a hit of this value saves by the app's function, and 0 where that fails. */
  costOf(value: unknown): number {
    const { config, warnings } = this.#cache;
    if (config.cost === undefined) return 0;
    try {
      const cost: unknown = this.#ask("`cost`", config.cost, value);
      if (typeof cost === "number" && Number.isFinite(cost)) return cost;
      warnings.warn("cost", "`cost` returned no finite number, so nothing is added to `saved`.");
    } catch (error) {
      warnings.warn("cost", `nothing is added to \`saved\`: ${messageOf(error)}`);
    }
    return 0;
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
        cache: this.#cache.name,
        option,
        value: error,
        says: `a function that threw: ${messageOf(error)}`,
        remedy: "It must not throw, whatever the arguments and the value are.",
      });
    }
  }

  /** The numbers that say how a value is stored which is fresh for so long. */
  numbers(ttl: number | null) {
    const { jitter = 0 } = this.#cache.config;
    const { retain, errorTtl, tracking } = this.#options;
    return { ttl, jitter, retain, errorTtl, tracking };
  }
}

const NEVER_SERVED =
  "`checkValue` refuses a value that was just computed, so it is not stored. " +
  "Let `checkValue` take what the action returns.";

const USE_FILE_STORAGE =
  `Values up to ${MAX_VALUE_BYTES} bytes are stored: put a larger one into file storage, ` +
  "and return its id from the action.";
