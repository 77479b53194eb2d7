import { type FunctionReference, getFunctionAddress } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { type Ask, batched } from "../../shared/engine/batcher.js";
import { batchRuns } from "../../shared/engine/batchRuns.js";
import { collecting } from "../../shared/engine/collect.js";
import { MAX_REQUESTS_PER_CALL } from "../../shared/limits.js";
import { type FillCalls, fillCalls } from "../../shared/engine/fillCalls.js";
import type {
  ClaimRequest,
  ClaimResult,
  Lookup,
  LookupResult,
  MutationFetch,
  MutationFetchResult,
  ScheduleRequest,
} from "../../shared/fillProtocol.js";
import type { HitReport } from "../../shared/statsProtocol.js";
import type { ActionContext, MutationContext } from "../contexts.js";
import type { Cache } from "../cache.js";
import type { Warnings } from "../../shared/warnings.js";
import { DEFAULT_MAX_BATCH } from "../options.js";
import { type LocalFill, localFill } from "./localFill.js";

/** Polls that come so close together share a query, in ms. */
const POLL_WINDOW_MS = 20;

type Runs = ReturnType<typeof batchRuns>;

/**
 * What the fetches of one context share: lookups, claims and schedules of one tick go
 * in one call each, and there is one heartbeat.
 */
export type FetchScope = {
  ctx: ActionContext;
  /** What its fills call. */
  calls: FillCalls;
  /** The fills that run in this context, by their token. */
  fills: Map<string, LocalFill>;
  lookUp: Ask<Lookup, LookupResult>;
  /** Looks how a fill is, together with whatever else this context polls in these moments. */
  poll: Ask<Lookup, LookupResult>;
  claim: Ask<ClaimRequest, ClaimResult>;
  schedule: Ask<ScheduleRequest, boolean>;
  /** A fetch of a mutation. */
  fetch: Ask<MutationFetch, MutationFetchResult>;
  /** Reports a hit. Equal ones count each. */
  reportHit: (report: HitReport) => Promise<void>;
  /** The runs of a cache's batch action, which its tenants share. */
  runsOf: (cache: Cache) => Runs;
  /** Runs of a cache's batch action that nobody shares. */
  newRunsOf: (cache: Cache) => Runs;
};

/** @param warnings - Of the cache whose fetch opens the scope. */
function openScope(ctx: ActionContext, { component, warnings }: Cache): FetchScope {
  const { entries, fills: api, stats } = component;
  const fills = new Map<string, LocalFill>();
  const sharedRuns = new Map<Warnings, Runs>();
  const read = (requests: Lookup[]) => ctx.runQuery(entries.read, { requests });
  const calling =
    <Request, Result>(
      reference: FunctionReference<"mutation", "internal", { requests: Request[] }, Result[]>,
    ) =>
    (requests: Request[]): Promise<Result[]> =>
      ctx.runMutation(reference, { requests });

  /** A granted fill is known here before anyone is told of it, so that equal claims can join it. */
  async function claimAll(requests: ClaimRequest[]): Promise<ClaimResult[]> {
    const results: ClaimResult[] = await ctx.runMutation(api.claim, { requests });
    for (const result of results) {
      if (result.kind === "granted") fills.set(result.token, localFill());
    }
    return results;
  }

  const newRunsOf: FetchScope["newRunsOf"] = ({ name, config }) => {
    const { action, batchAction, maxBatch = DEFAULT_MAX_BATCH } = config;
    return batchRuns({
      name,
      max: maxBatch,
      all: (items) => ctx.runAction(batchAction!, { items }),
      one: action && ((item) => ctx.runAction(action, item)),
    });
  };

  return {
    ctx,
    calls: fillCalls(
      {
        begin: calling(api.begin),
        heartbeat: (tokens) => ctx.runMutation(api.heartbeat, { tokens }),
        settle: calling(api.settle),
      },
      (kind, message) => warnings.warn(kind, message),
    ),
    fills,
    lookUp: batched(read),
    poll: batched(read, { windowMs: POLL_WINDOW_MS }),
    claim: batched(claimAll),
    schedule: batched(calling(api.schedule)),
    fetch: batched(calling(api.fetch)),
    reportHit: collecting(async (reports) => {
      for (let from = 0; from < reports.length; from += MAX_REQUESTS_PER_CALL) {
        const some = reports.slice(from, from + MAX_REQUESTS_PER_CALL);
        await ctx.runMutation(stats.report, { reports: some.map(({ item }) => item) });
        for (const { resolve } of some) resolve();
      }
    }),
    newRunsOf,
    runsOf: (cache) => {
      // Tenants' views of a cache share these with it, and other caches don't.
      const runs = sharedRuns.get(cache.warnings) ?? newRunsOf(cache);
      sharedRuns.set(cache.warnings, runs);
      return runs;
    },
  };
}

const scopes = new WeakMap<object, Map<unknown, FetchScope>>();

/** The scope of a context and an installed component, which caches of any name share. */
export function scopeOf(ctx: ActionContext, cache: Cache): FetchScope {
  const ofContext = scopes.get(ctx) ?? new Map<unknown, FetchScope>();
  scopes.set(ctx, ofContext);
  const address = addressOf(cache.component);
  const scope = ofContext.get(address) ?? openScope(ctx, cache);
  ofContext.set(address, scope);
  return scope;
}

/** What a mutation can do in its scope, where it can run no action. */
export type MutationScope = Pick<FetchScope, "fetch" | "schedule" | "reportHit">;

/** The scope of a mutation's context. */
export const mutationScopeOf = (ctx: MutationContext, cache: Cache): MutationScope =>
  scopeOf(ctx as ActionContext, cache);

/** Tells components apart: `components.actionCache` is another object each time it is read. */
function addressOf(component: ComponentApi): unknown {
  try {
    return getFunctionAddress(component.entries.read).reference ?? component;
  } catch {
    return component; // A mock.
  }
}
