import { getConvexSize, type Value } from "convex/values";
import { MAX_ARGUMENT_BYTES, MAX_REQUESTS_PER_CALL } from "../shared/limits.js";

type Waiting<Request, Result> = {
  request: Promise<Request>;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

type Ready<Request, Result> = Omit<Waiting<Request, Result>, "request"> & {
  request: Request;
};

/**
 * Collects the requests of one tick into one call.
 *
 * A call answers as many of its requests as its transaction has room for, from
 * the first on; the rest are asked again.
 */
export class Batcher<Request extends object, Result> {
  #waiting: Waiting<Request, Result>[] = [];

  constructor(private readonly call: (requests: Request[]) => Promise<Result[]>) {}

  /** Adds a request that may still be in the making, without losing the tick to it. */
  add(request: Promise<Request>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#flush());
      this.#waiting.push({ request, resolve, reject });
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    let rest = await this.#whatIsReady(waiting);
    while (rest.length > 0) {
      const batch = whatOneCallTakes(rest);
      try {
        const results = await this.call(batch.map(({ request }) => request));
        if (results.length === 0) throw new Error("action cache: a call answered no request");
        results.forEach((result, index) => batch[index]!.resolve(result));
        rest = rest.slice(results.length);
      } catch (error) {
        for (const { reject } of rest) reject(error);
        return;
      }
    }
  }

  async #whatIsReady(waiting: Waiting<Request, Result>[]): Promise<Ready<Request, Result>[]> {
    const requests = await Promise.allSettled(waiting.map(({ request }) => request));
    return requests.flatMap((request, index) => {
      const { resolve, reject } = waiting[index]!;
      if (request.status === "fulfilled") return [{ request: request.value, resolve, reject }];
      reject(request.reason);
      return [];
    });
  }
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
