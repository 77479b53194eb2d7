import { getConvexSize, type Value } from "convex/values";
import { sleep } from "../../shared/engine/alarm.js";
import { MAX_ARGUMENT_BYTES, MAX_REQUESTS_PER_CALL } from "../../shared/limits.js";
import { copyOf, refuseUnsendable, toJson } from "../../shared/wire.js";

/** The answer to a request; of those who made an equal one in the same tick, one is the first. */
export type Answered<Result> = { result: Result; isFirst: boolean };

type Asker<Result> = {
  resolve: (answered: Answered<Result>) => void;
  reject: (error: unknown) => void;
};

/** Equal requests, which are asked once. */
type Group<Request, Result> = { request: Request; askers: Asker<Result>[] };

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
  readonly #windowMs: number;
  #waiting: (Asker<Result> & { request: Promise<Request> })[] = [];

  /** @param windowMs - How long requests are collected; by default, for the rest of the tick. */
  constructor(call: (requests: Request[]) => Promise<Result[]>, windowMs: number = 0) {
    this.#call = call;
    this.#windowMs = windowMs;
  }

  /** Adds a request that may still be in the making, without losing the tick to it. */
  add(request: Promise<Request>): Promise<Answered<Result>> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) {
        const collected = this.#windowMs > 0 ? sleep(this.#windowMs) : Promise.resolve();
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
        const json = toJson(made.value as Value);
        const group = groups.get(json);
        if (group === undefined) groups.set(json, { request: made.value, askers: [asker] });
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
      const batch = whatOneCallTakes(rest);
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

/** As many requests, from the first on, as fit into a call's arguments, and at least one. */
function whatOneCallTakes<Item extends { request: object }>(items: Item[]): Item[] {
  let bytes = 0;
  const tooMany = items.findIndex(({ request }, index) => {
    bytes += getConvexSize(request as Value);
    return index > 0 && (bytes > MAX_ARGUMENT_BYTES || index >= MAX_REQUESTS_PER_CALL);
  });
  return tooMany === -1 ? items : items.slice(0, tooMany);
}
