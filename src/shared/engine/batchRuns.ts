import type { Value } from "convex/values";
import { refusal } from "../errors.js";
import type { ItemError } from "../itemError.js";
import { MAX_PAGE_BYTES } from "../limits.js";
import { isPlainObject } from "../values.js";
import { errorFromWire } from "../wireErrors.js";
import { firstOf } from "./batcher.js";

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

type Member = {
  item: Value;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
};

/** Collects the items of one tick into runs of a batch action, and gives each its own value or error. */
export class BatchRuns {
  readonly #run: BatchRun;
  #waiting: Member[] = [];

  constructor(run: BatchRun) {
    this.#run = run;
  }

  /** Resolves to the value of one item. */
  add(item: Value): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#flush());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #flush(): void {
    let rest = this.#waiting;
    this.#waiting = [];
    while (rest.length > 0) {
      // An action in Node takes 5 MiB of arguments.
      const limits = { maxBytes: MAX_PAGE_BYTES, maxItems: this.#run.max };
      const members = firstOf(rest, ({ item }) => item, limits);
      rest = rest.slice(members.length);
      void this.#runTogether(members);
    }
  }

  async #runTogether(members: Member[]): Promise<void> {
    const { all, one } = this.#run;
    try {
      if (members.length === 1 && one) return members[0]!.resolve(await one(members[0]!.item));
      const values = await all(members.map(({ item }) => item));
      if (!Array.isArray(values) || values.length !== members.length) {
        throw this.#wrongNumber(values, members.length);
      }
      values.forEach((value: unknown, index) => {
        const error = itemErrorOf(value);
        if (error === null) members[index]!.resolve(value);
        else members[index]!.reject(error);
      });
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }

  #wrongNumber(values: unknown, expected: number) {
    return refusal({
      code: "INVALID_RESULT",
      cache: this.#run.name,
      option: "the result of `batchAction`",
      value: values,
      remedy: `Return an array of ${expected}: a value for each item, in their order.`,
    });
  }
}

/** The error that a batch action returned for an item; null where it returned a value. */
function itemErrorOf(value: unknown): Error | null {
  if (!isPlainObject(value) || !("actionCacheItemError" in value)) return null;
  return errorFromWire((value as ItemError).actionCacheItemError);
}
