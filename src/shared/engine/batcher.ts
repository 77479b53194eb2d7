import { getConvexSize, type Value } from "convex/values";
import { MAX_ARGUMENT_BYTES, MAX_REQUESTS_PER_CALL } from "../limits.js";
import { copyOf, refuseUnsendable, toJson } from "../wire.js";
import { sleep } from "./alarm.js";

/** The answer to a request; of those who made an equal one in the same tick, one is the first. */
export type Answered<Result> = { result: Result; isFirst: boolean };

type Asker<Result> = {
  resolve: (answered: Answered<Result>) => void;
  reject: (error: unknown) => void;
};

/** Equal requests, which are asked once. */
type Group<Request, Result> = { request: Request; askers: Asker<Result>[] };

/** How requests are collected. */
type Options<Request> = {
  /** How long, in ms. Default: for the rest of the tick. */
  windowMs?: number;
  /** What those of one call add up to at most. */
  maxBytes?: number;
  /** Tells equal requests. Default: by all that is in them. */
  keyOf?: (request: Request) => string;
};

/**
 * Collects the requests of one tick into one call.
 *
 * A call answers as many of its requests as its transaction has room for, from
 * the first on; the rest are asked again. Each request is checked as Convex checks
 * a call's arguments, and a call that fails is made again request by request, so
 * that one bad request costs the others nothing but that.
 */
export class Batcher<Request extends object, Result> {
  readonly #call: (requests: Request[]) => Promise<Result[]>;
  readonly #options: Required<Options<Request>>;
  #waiting: (Asker<Result> & { request: Promise<Request> })[] = [];

  constructor(call: (requests: Request[]) => Promise<Result[]>, options: Options<Request> = {}) {
    this.#call = call;
    const keyOf = (request: Request) => toJson(request as Value);
    this.#options = { windowMs: 0, maxBytes: MAX_ARGUMENT_BYTES, keyOf, ...options };
  }

  /** Adds a request that may still be in the making, without losing the tick to it. */
  add(request: Promise<Request>): Promise<Answered<Result>> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) {
        const { windowMs } = this.#options;
        const collected = windowMs > 0 ? sleep(windowMs) : Promise.resolve();
        void collected.then(() => this.#flush());
      }
      this.#waiting.push({ request, resolve, reject });
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const requests = await Promise.allSettled(waiting.map(({ request }) => request));
    const groups = new Map<string, Group<Request, Result>>();
    requests.forEach((made, index) => {
      const asker = waiting[index]!;
      try {
        if (made.status === "rejected") throw made.reason;
        refuseUnsendable(made.value);
        const key = this.#options.keyOf(made.value);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { request: made.value, askers: [asker] });
        else group.askers.push(asker);
      } catch (error) {
        asker.reject(error);
      }
    });
    await this.#askAll([...groups.values()]);
  }

  async #askAll(groups: Group<Request, Result>[]): Promise<void> {
    let rest = groups;
    while (rest.length > 0) {
      const { maxBytes } = this.#options;
      const batch = firstOf(rest, ({ request }) => request as Value, { maxBytes });
      const answered = await this.#ask(batch);
      rest = rest.slice(answered);
    }
  }

  /** Makes one call. Resolves to how many of its requests, from the first on, are settled. */
  async #ask(groups: Group<Request, Result>[]): Promise<number> {
    try {
      const results = await this.#call(groups.map(({ request }) => request));
      if (results.length === 0) throw new Error("a call of the component answered no request");
      results.forEach((result, index) => groups[index]!.askers.forEach(answerWith(result)));
      return results.length;
    } catch (error) {
      if (groups.length > 1) await Promise.all(groups.map((group) => this.#ask([group])));
      else for (const { reject } of groups[0]!.askers) reject(error);
      return groups.length;
    }
  }
}

/** Answers the first of equal askers with the result, and the others with copies. */
function answerWith<Result>(result: Result) {
  return ({ resolve }: Asker<Result>, index: number) => {
    const isFirst = index === 0;
    resolve({ result: isFirst ? result : (copyOf(result as Value) as Result), isFirst });
  };
}

/** As many items, from the first on, as one call takes, and at least one. */
export function firstOf<Item>(
  items: Item[],
  valueOf: (item: Item) => Value,
  { maxBytes, maxItems = MAX_REQUESTS_PER_CALL }: { maxBytes: number; maxItems?: number },
): Item[] {
  if (items.length === 1) return items;
  let bytes = 0;
  const tooMany = items.findIndex((item, index) => {
    bytes += getConvexSize(valueOf(item));
    return index > 0 && (bytes > maxBytes || index >= maxItems);
  });
  return tooMany === -1 ? items : items.slice(0, tooMany);
}
