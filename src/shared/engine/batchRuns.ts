import type { Value } from "convex/values";
import { refusal } from "../errors.js";
import type { ItemError } from "../itemError.js";
import { MAX_PAGE_BYTES } from "../limits.js";
import { isPlainObject } from "../values.js";
import { errorFromWire } from "../wireErrors.js";
import { firstOf } from "./batcher.js";
import { collecting, type Waiting } from "./collect.js";

/** How the items of one tick are run. */
export type BatchRun = {
  /** The cache's name. */
  name: string;
  /** The most items of a run. */
  max: number;
  /** Runs the batch action. */
  all: (items: Value[]) => Promise<unknown>;
  /** Runs an item that is alone, where there is an action for that. */
  one?: ((item: Value) => Promise<unknown>) | undefined;
};

type Member = Waiting<Value, unknown>;

/**
 * Collects the items of one tick into runs of a batch action, and gives each its own value or error.
 *
 * @returns What adds an item, and resolves to its value.
 */
export function batchRuns({ name, max, all, one }: BatchRun): (item: Value) => Promise<unknown> {
  return collecting(async (collected) => {
    const runs: Promise<void>[] = [];
    let rest = collected;
    while (rest.length > 0) {
      // An action in Node takes 5 MiB of arguments.
      const limits = { maxBytes: MAX_PAGE_BYTES, maxItems: max };
      const members = firstOf(rest, ({ item }) => item, limits);
      rest = rest.slice(members.length);
      runs.push(runTogether(members));
    }
    await Promise.all(runs);
  });

  async function runTogether(members: Member[]): Promise<void> {
    try {
      const { item, resolve } = members[0]!;
      if (members.length === 1 && one) return resolve(await one(item));
      const values = await all(members.map((member) => member.item));
      if (!Array.isArray(values) || values.length !== members.length) {
        throw refusal({
          code: "INVALID_RESULT",
          cache: name,
          option: "the result of `batchAction`",
          value: values,
          remedy: `Return an array of ${members.length}: a value for each item, in their order.`,
        });
      }
      members.forEach((member, index) => {
        const value: unknown = values[index];
        const error = itemErrorOf(value);
        if (error === null) member.resolve(value);
        else member.reject(error);
      });
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }
}

/** The error that a batch action returned for an item; null where it returned a value. */
function itemErrorOf(value: unknown): Error | null {
  if (!isPlainObject(value) || !("actionCacheItemError" in value)) return null;
  return errorFromWire((value as ItemError).actionCacheItemError);
}
