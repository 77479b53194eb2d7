import { getConvexSize, type Value } from "convex/values";
import { MAX_ARGUMENT_BYTES, MAX_REQUESTS_PER_CALL } from "../limits.js";
import { copyOf, refuseUnsendable, toJson } from "../wire.js";
import { collecting, type Waiting } from "./collect.js";

/**
 * Adds a request that may still be in the making, without losing the tick to it. Those who
 * make an equal one in the same tick get copies of the answer, in their order.
 */
export type Ask<Request, Result> = (request: Request | Promise<Request>) => Promise<Result>;

type Asker<Request, Result> = Waiting<Request | Promise<Request>, Result>;

/** Equal requests, which are asked once. */
type Group<Request, Result> = { request: Request; askers: Asker<Request, Result>[] };

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
export function batched<Request extends object, Result>(
  call: (requests: Request[]) => Promise<Result[]>,
  { windowMs, maxBytes = MAX_ARGUMENT_BYTES, keyOf = toJson as never }: Options<Request> = {},
): Ask<Request, Result> {
  return collecting(askAll, windowMs);

  async function askAll(askers: Asker<Request, Result>[]): Promise<void> {
    const requests = await Promise.allSettled(askers.map(async ({ item }) => await item));
    const groups = new Map<string, Group<Request, Result>>();
    requests.forEach((made, index) => {
      const asker = askers[index]!;
      try {
        if (made.status === "rejected") throw made.reason;
        const request = made.value;
        refuseUnsendable(request);
        const key = keyOf(request);
        const group = groups.get(key) ?? { request, askers: [] };
        groups.set(key, group);
        group.askers.push(asker);
      } catch (error) {
        asker.reject(error);
      }
    });
    let rest = [...groups.values()];
    while (rest.length > 0) {
      const batch = firstOf(rest, ({ request }) => request as Value, { maxBytes });
      rest = rest.slice(await ask(batch));
    }
  }

  /** Makes one call. Resolves to how many of its requests, from the first on, are settled. */
  async function ask(groups: Group<Request, Result>[]): Promise<number> {
    try {
      const results = await call(groups.map(({ request }) => request));
      if (results.length === 0) throw new Error("a call of the component answered no request");
      results.forEach((result, index) => groups[index]!.askers.forEach(answerWith(result)));
      return results.length;
    } catch (error) {
      if (groups.length > 1) await Promise.all(groups.map((group) => ask([group])));
      else for (const { reject } of groups[0]!.askers) reject(error);
      return groups.length;
    }
  }
}

/** Answers the first of equal askers with the result, and the others with copies. */
function answerWith<Result>(result: Result) {
  return ({ resolve }: Waiting<unknown, Result>, index: number) => {
    resolve(index === 0 ? result : (copyOf(result as Value) as Result));
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
