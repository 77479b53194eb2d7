import { createFunctionHandle, type FunctionReference } from "convex/server";
import type { Value } from "convex/values";
import { refusal } from "../shared/errors.js";
import { type EntryTimes, type Verdict, verdictOn } from "../shared/freshness.js";
import { identifyByArgs, identifyByKey } from "../shared/key.js";
import type { MutationFetch, ScheduleRequest } from "../shared/fillProtocol.js";
import type { EntryKey, ReadOptions, Runner, Wire } from "../shared/protocol.js";
import { isBounded, storableForm } from "../shared/storing.js";
import { copyOf, refuseUnsendable } from "../shared/wire.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import { type Previous, runCompute } from "./compute.js";
import { type AnyAction, DEFAULT_MAX_BATCH } from "./options.js";
import type { FetchScope } from "./scope/scope.js";
import { type Storing, storingOf } from "./storing.js";
import { returned } from "./userFunctions.js";

/** What a call says in place of the configuration. */
export type CallOptions = { ttl?: number | null; tags?: readonly string[]; force?: boolean };

/**
 * One call of a cache: the key of its entry, what it asks of the component, its
 * verdict on what is stored, and how its value is stored.
 *
 * It takes the arguments as they are when it is made, as `ctx.runAction` does, and
 * hands copies to the app's functions: whoever changes them, changes nothing here.
 */
export type FetchCall = {
  cache: Cache;
  force: boolean;
  /** What Convex refuses these arguments for; null if it takes them. */
  refused: unknown;
  /** Whether the `key` function threw, or returned no Convex value. */
  keyFailed: boolean;
  /** How this call reads what is stored. */
  readOptions: ReadOptions;
  /** Whether failures are remembered. */
  failures: boolean;
  /** How long an entry is kept after it ceased to be fresh, in ms. */
  retain: number;
  /** Tells the component that figures are kept; absent where they are not. */
  figures: true | undefined;
  /** How this call stores a value. */
  storing: Storing;
  /** The key of the call's entry. */
  entryKey: () => Promise<EntryKey>;
  /** Runs the action: by its reference, so that it has the caller's identity and needs no handle. */
  run: (scope: FetchScope, previous?: Previous) => Promise<unknown>;
  /** What this call makes of an entry. */
  verdict: (entry: EntryTimes & { fillMs: number | null }) => Verdict;
  /** A request for a background fill; of a reader, with the entry that it saw if any other will do. */
  scheduleRequest: (reader?: { seen?: string }) => Promise<ScheduleRequest>;
  /** A fetch in a mutation. */
  mutationFetch: () => Promise<MutationFetch>;
};

export function fetchCall(cache: Cache, given: unknown, options: CallOptions = {}): FetchCall {
  const { config, name, tenant } = cache;
  const { action, batchAction, refresher, maxEntries, maxBytes, idleTtl } = config;
  const { staleWhileRevalidate = 0, staleIfError = 0, refreshAhead = false, errorTtl = 0 } = config;
  const { ttl = config.ttl ?? null, force = false } = options;
  const readTtl = typeof ttl === "object" && ttl ? ttl.max : ttl;
  const retain = Math.max(staleWhileRevalidate, staleIfError);
  const bounded = isBounded(config);
  const figures = config.stats ? true : undefined;
  const tracking = { figures, ...(bounded && { maxEntries, maxBytes, idleTtl }) };
  let args = (given ?? {}) as Value;
  let refused: unknown = null;
  try {
    refuseUnsendable(args);
    args = copyOf(args);
  } catch (error) {
    refused = error;
  }
  const storing = storingOf(cache, args, {
    ttl,
    tags: options.tags,
    retain,
    errorTtl,
    tracking: bounded || figures ? tracking : undefined,
  });
  let identified: Promise<EntryKey> | undefined;
  const entryKey = () => (identified ??= identify());

  async function identify(): Promise<EntryKey> {
    if (refused !== null) {
      throw refusal({
        code: "INVALID_ARGS",
        cache: name,
        option: "an argument",
        value: args,
        says: "none that Convex takes",
        remedy: messageOf(refused),
      });
    }
    if (config.key === undefined) return { name, ...(await identifyByArgs(args, tenant)) };
    try {
      const key: unknown = returned(config.key(copyOf(args) as never));
      refuseUnsendable(key);
      return { name, ...(await identifyByKey(key as Value, tenant)) };
    } catch (error) {
      call.keyFailed = true;
      throw error;
    }
  }

  async function run(scope: FetchScope, previous?: Previous): Promise<unknown> {
    const { ctx } = scope;
    if (batchAction) {
      // Convex would refuse a batch as a whole.
      const runs = refused === null ? scope.runsOf(cache) : scope.newRunsOf(cache);
      return await runs(args);
    }
    if (action) return await ctx.runAction(action, args);
    return await runCompute(cache, ctx, args, previous);
  }

  /** What a background fill is given. Refuses what no key can be made of. */
  async function backgroundFill(): Promise<EntryKey & { args: Wire; runner: Runner }> {
    const key = await entryKey();
    const stored = storableForm(args);
    if (typeof stored === "string") {
      throw refusal({
        code: "VALUE_TOO_LARGE",
        cache: name,
        option: "the arguments",
        value: args,
        says: "too large for a background fill",
        remedy: "Put what is large into file storage, and give the action its id.",
      });
    }
    return { ...key, args: stored, runner: await runnerOf() };
  }

  async function runnerOf(): Promise<Runner> {
    const { maxBatch: max = DEFAULT_MAX_BATCH, log } = config;
    const handleOf = (reference: AnyAction) =>
      createFunctionHandle(reference as FunctionReference<"action">);
    if (refresher) {
      const handle = await handleOf(refresher);
      return { kind: "app", refresher: handle, ...(batchAction && { maxBatch: max }) };
    }
    return {
      kind: "component",
      ...(action && { action: await handleOf(action) }),
      ...(batchAction && { batch: { action: await handleOf(batchAction), max } }),
      ...storing.numbers(typeof ttl === "function" ? null : ttl),
      ...(log === true && { log }),
    };
  }

  const readOptions: ReadOptions = {
    ttl: typeof readTtl === "number" ? readTtl : null,
    staleWhileRevalidate,
    staleIfError,
    refreshAhead,
    errorTtl,
    idleTtl,
  };
  const failures = errorTtl > 0;
  const call: FetchCall = {
    cache,
    force,
    refused,
    keyFailed: false,
    readOptions,
    failures,
    retain,
    figures,
    storing,
    entryKey,
    run,
    verdict: (entry) => verdictOn(entry, readOptions, Date.now(), Math.random()),
    scheduleRequest: async (reader) => ({
      ...(await backgroundFill()),
      force: false,
      figures,
      ...(reader && { ...reader, failures }),
    }),
    mutationFetch: async () => ({ ...(await backgroundFill()), force, figures, read: readOptions }),
  };
  return call;
}
