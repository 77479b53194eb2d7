import type {
  FunctionArgs,
  FunctionReference,
  FunctionReference_future,
  FunctionReturnType,
  FunctionVisibility,
} from "convex/server";
import type { Value } from "convex/values";
import type { LogOption } from "../shared/events.js";

/** Any reference to an action that `ctx.runAction` takes. */
export type AnyAction =
  | FunctionReference<"action", FunctionVisibility>
  | FunctionReference_future<"action", FunctionVisibility>;

/** What a cache's functions are given: the arguments of a fetch, and the value that the action returned for them. */
export type ArgsAndValue<Action extends AnyAction> = {
  args: FunctionArgs<Action>;
  value: FunctionReturnType<Action>;
};

/** How an {@link ActionCache} works; only `action` is required. */
export interface ActionCacheConfig<Action extends AnyAction = AnyAction> {
  /** The action that computes the values. */
  action: Action;
  /**
   * The cache's name, under which its entries are stored; change it to start
   * afresh, as when the action returns something else. Default: the action's
   * function name.
   */
  name?: string;
  /**
   * How long a value is fresh, in ms, or a function that says so; null for no end.
   * Default: no end.
   */
  ttl?: number | null | ((call: ArgsAndValue<Action>) => number | null);
  /**
   * For how long after its ttl a value is served while one refresh of it runs in
   * the background, in ms (RFC 5861). Default: 0.
   */
  staleWhileRevalidate?: number;
  /**
   * For how long after its ttl a value is served when the action throws, in ms
   * (RFC 5861). Default: 0.
   */
  staleIfError?: number;
  /**
   * For how long a failure of the action is remembered, and rethrown without
   * running it again, in ms. Default: 0.
   */
  errorTtl?: number;
  /**
   * Refreshes an entry in the background before it expires, earlier the longer
   * its fill takes, so that an entry that is read often never expires (XFetch).
   * Default: false.
   */
  refreshAhead?: boolean;
  /**
   * The function that fills in the background in the app's own code, made with
   * {@link refresher}. Needed where `ttl` is a function, or `tags` or `shouldCache`
   * is set, and entries are refreshed in the background: the component can't call these.
   */
  refresher?: FunctionReference<"action", "internal", { token: string; args: unknown }, null>;
  /**
   * Shortens each entry's ttl by a random part of it, up to this fraction from 0
   * to 1, so that entries stored together don't expire together. Default: 0.
   */
  jitter?: number;
  /** The part of the arguments that identifies the entry. Default: all of them. */
  key?: (args: FunctionArgs<Action>) => Value;
  /**
   * Labels to invalidate entries by: up to 128 different ones, of up to 256
   * characters each. Default: none.
   */
  tags?: (call: ArgsAndValue<Action>) => readonly string[];
  /**
   * Whether to store a value; where it returns false the value is only returned.
   * Default: always.
   */
  shouldCache?: (call: ArgsAndValue<Action>) => boolean;
  /**
   * Whether a stored value is of the shape that the app expects. One for which it
   * returns false is a miss, and is replaced. Default: always.
   */
  checkValue?: (value: FunctionReturnType<Action>) => boolean;
  /**
   * How many entries of this name are kept, and how many bytes of values, of all
   * tenants together: past that, entries that are not read are evicted in the
   * background. From 1. Default: no bound.
   */
  maxEntries?: number;
  maxBytes?: number;
  /**
   * For how long an entry is fresh that nobody reads, in ms, within its ttl.
   * Default: no end.
   */
  idleTtl?: number;
  /**
   * Whether to keep figures, which `stats` tells. Hits are counted by sampling:
   * `sample` is the part of them that is counted, over 0 and up to 1.
   * Default: false; with true, a sample of 0.05.
   */
  stats?: boolean | { sample?: number };
  /**
   * What a hit saves, in a unit of the app's own, such as tokens or cents; figures
   * sum it up as `saved`. Default: 0.
   */
  cost?: (call: ArgsAndValue<Action>) => number;
  /**
   * Whether to log what became of each fetch, one JSON object a line on
   * `console.log`; or a function that gets each event. Default: false.
   */
  log?: LogOption;
}

/** Options of one fetch. */
export type FetchOptions = {
  /**
   * How long the value is fresh, in ms, in place of the configured ttl. An entry
   * stored under a longer one is measured by this, from its creation. Null for no end.
   */
  ttl?: number | null;
  /**
   * Runs the action whatever is stored, and replaces that. Others are served
   * what is stored until then. Default: false.
   */
  force?: boolean;
};

/** Options of one put, in place of the configured functions. */
export type PutOptions = {
  /** How long the value is fresh, in ms; null for no end. */
  ttl?: number | null;
  /** Labels to invalidate the entry by. */
  tags?: readonly string[];
};
