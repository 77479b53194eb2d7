import { createFunctionHandle } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { StoreDecision } from "../shared/engine/fill.js";
import { isCacheError, refusal, tooLarge } from "../shared/errors.js";
import { MAX_RECIPE_BYTES, MAX_VALUE_BYTES } from "../shared/limits.js";
import type { StoreNumbers, StoreOptions, Tracking } from "../shared/protocol.js";
import { jittered, storeByNumbers } from "../shared/storing.js";
import { copyOf, copyOfAny, refuseUnsendable, toWire } from "../shared/wire.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import { isExpected } from "./checkValue.js";
import type { Previous } from "./compute.js";
import type { Config } from "./options.js";
import { returned } from "./userFunctions.js";
import { checkTags, checkTtlResult } from "./validate.js";

type StoringOptions = {
  ttl: NonNullable<Config["ttl"]> | null;
  /** Tags in place of what the app's function returns. */
  tags: readonly string[] | undefined;
  retain: number;
  errorTtl: number;
  tracking: Tracking | undefined;
};

/** How one call of a cache stores a value, by the app's functions and numbers. */
export type Storing = {
  /** Decides how a value that was computed is stored; what keeps it from being stored is said. */
  store: (value: unknown, previous?: string) => Promise<StoreDecision>;
  /** Decides how long a stored value lives on that was found to be still that of now. */
  renew: (previous: Previous) => Promise<StoreDecision>;
  /** How a value that is put is stored. Takes it as it is now, and refuses one that can't be stored. */
  optionsOf: (value: unknown) => Promise<StoreOptions>;
  /** What a hit of this value saves by the app's function, and 0 where that fails. */
  costOf: (value: unknown) => number;
  /** The numbers that say how a value is stored which is fresh for so long. */
  numbers: (ttl: StoreNumbers["ttl"]) => StoreNumbers;
};

export function storingOf(cache: Cache, args: Value, options: StoringOptions): Storing {
  const { config, name, warnings } = cache;
  const { jitter = 0, refresher, shouldCache, cost } = config;
  const { ttl, tags: givenTags, ...rest } = options;
  const numbers: Storing["numbers"] = (ownTtl) => ({ ttl: ownTtl, jitter, ...rest });

  async function decide(
    decision: () => StoreDecision | Promise<StoreDecision>,
  ): Promise<StoreDecision> {
    try {
      return await decision();
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

  function taken(value: unknown): Value {
    try {
      refuseUnsendable(value);
      return copyOf(value as Value);
    } catch (error) {
      const option = "the value to put";
      const remedy = `Give a Convex value, such as null: ${messageOf(error)}`;
      throw refusal({ code: "INVALID_VALUE", cache: name, option, value, remedy });
    }
  }

  function isWanted(value: unknown): boolean {
    if (shouldCache === undefined) return true;
    const wanted: unknown = ask("`shouldCache`", shouldCache, value);
    if (typeof wanted === "boolean") return wanted;
    throw refusal({
      code: "INVALID_RESULT",
      cache: name,
      option: "the result of `shouldCache`",
      value: wanted,
      remedy: "Return true or false.",
    });
  }

  /** The tags of an entry, and how it can be filled again when they are invalidated. */
  async function labels(value: unknown): Promise<Pick<StoreOptions, "tags" | "recipe">> {
    const given = givenTags ?? (config.tags && ask("`tags`", config.tags, value));
    if (given === undefined && config.tags === undefined) return {};
    const tags = checkTags(name, "the result of `tags`", given);
    if (tags.length === 0) return {};
    if (!refresher || getConvexSize(args) > MAX_RECIPE_BYTES) return { tags };
    const runner = { kind: "app" as const, refresher: await createFunctionHandle(refresher) };
    return { tags, recipe: { args: toWire(args), runner } };
  }

  /** How long a value is fresh by itself, in ms, or within which bounds; null for no end. */
  function ttlOf(value: unknown): StoreNumbers["ttl"] {
    if (typeof ttl !== "function") return ttl;
    const chosen = ask("`ttl`", ttl, value);
    checkTtlResult(name, chosen);
    return chosen;
  }

  /** Calls a function of the app's with copies, since it may change what it is given. */
  function ask<Result>(
    option: string,
    asked: (call: { args: never; value: never }) => Result,
    value: unknown,
  ): Result {
    try {
      return returned(asked({ args: copyOf(args) as never, value: copyOfAny(value) as never }));
    } catch (error) {
      throw refusal({
        code: "FUNCTION_FAILED",
        cache: name,
        option,
        value: error,
        says: `a function that threw: ${messageOf(error)}`,
        remedy: "It must not throw, whatever the arguments and the value are.",
      });
    }
  }

  return {
    store: (value, previous) =>
      decide(async () => {
        if (!isWanted(value)) return { kind: "skip", reason: "shouldCache returned false" };
        if (!isExpected(cache, value)) {
          warnings.warn("shape", NEVER_SERVED);
          return { kind: "skip", reason: "checkValue returned false" };
        }
        const decision = storeByNumbers(value as Value, numbers(ttlOf(value)));
        if (decision.kind === "skip") {
          warnings.warn("size", `${decision.reason}, so it is not stored. ${USE_FILE_STORAGE}`);
          return decision;
        }
        return { ...decision, ...(await labels(value)), ...(previous && { previous }) };
      }),
    renew: ({ id: previous, value }) =>
      decide(() => {
        const { retain, tracking } = options;
        const ttl = jittered(ttlOf(value), jitter);
        return { kind: "renew", previous, ttl, retain, ...(tracking && { tracking }) };
      }),
    optionsOf: async (given) => {
      const value = taken(given);
      const decision = storeByNumbers(value, numbers(ttlOf(value)));
      if (decision.kind === "skip") throw tooLarge(name);
      const { kind: _, ...stored } = decision;
      return { ...stored, ...(await labels(value)) };
    },
    costOf: (value) => {
      if (cost === undefined) return 0;
      try {
        const saved: unknown = ask("`cost`", cost, value);
        if (typeof saved === "number" && saved >= 0 && saved < Infinity) return saved;
        warnings.warn("cost", "`cost` returned no number from 0, so nothing is added to `saved`.");
      } catch (error) {
        warnings.warn("cost", `nothing is added to \`saved\`: ${messageOf(error)}`);
      }
      return 0;
    },
    numbers,
  };
}

const NEVER_SERVED =
  "`checkValue` refuses a value that was just computed, so it is not stored. " +
  "Let `checkValue` take what the action returns.";

const USE_FILE_STORAGE =
  `Values up to ${MAX_VALUE_BYTES} bytes are stored: put a larger one into file storage, ` +
  "and return its id from the action.";
