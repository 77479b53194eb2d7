import { getFunctionAddress } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { Heartbeat, lostHeartbeat } from "../../shared/engine/heartbeat.js";
import type {
  ClaimRequest,
  ClaimResult,
  Lookup,
  LookupResult,
  MutationFetch,
  MutationFetchResult,
  ScheduleRequest,
} from "../../shared/fillProtocol.js";
import type { EntryKey } from "../../shared/protocol.js";
import type { ActionContext, MutationContext } from "../contexts.js";
import type { Cache } from "../cache.js";
import type { Warnings } from "../../shared/warnings.js";
import { type Answered, Batcher } from "./batcher.js";
import { LocalFill } from "./localFill.js";
import { Reports } from "./reports.js";

/** Polls that come so close together share a query, in ms. */
const POLL_WINDOW_MS = 20;

/**
 * What the fetches of one action's context share: lookups, claims and schedules of
 * one tick go in one call each, and there is one heartbeat.
 */
export class FetchScope {
  readonly ctx: ActionContext;
  readonly component: ComponentApi;
  readonly heartbeat: Heartbeat;
  /** The fills that run in this context, by their token. */
  readonly fills = new Map<string, LocalFill>();
  readonly #warnings: Warnings;
  readonly #lookups: Batcher<Lookup, LookupResult>;
  readonly #polls: Batcher<Lookup, LookupResult>;
  readonly #claims: Batcher<ClaimRequest, ClaimResult>;
  readonly #schedules: Batcher<ScheduleRequest, boolean>;
  /** The hits that this context reports. */
  readonly reports: Reports;

  /** @param warnings - Of the cache whose fetch opens the scope. */
  constructor(ctx: ActionContext, { component, warnings }: Cache) {
    this.ctx = ctx;
    this.component = component;
    this.#warnings = warnings;
    const { entries, fills } = component;
    const read = (requests: Lookup[]) => ctx.runQuery(entries.read, { requests });
    this.heartbeat = new Heartbeat(
      (tokens) => ctx.runMutation(fills.heartbeat, { tokens }),
      (error) => this.#warnings.warn(...lostHeartbeat(error)),
    );
    this.#lookups = new Batcher(read);
    this.#polls = new Batcher(read, POLL_WINDOW_MS);
    this.#claims = new Batcher((requests) => this.#claimAll(requests));
    this.#schedules = new Batcher((requests) => ctx.runMutation(fills.schedule, { requests }));
    this.reports = new Reports(ctx, component);
  }

  /** Looks up an entry, together with whatever else this context looks up in this tick. */
  async lookUp(request: Promise<Lookup>): Promise<LookupResult> {
    return (await this.#lookups.add(request)).result;
  }

  /** Looks how a fill is, together with whatever else this context polls in these moments. */
  async poll(entryKey: EntryKey, token: string): Promise<LookupResult> {
    return (await this.#polls.add(Promise.resolve({ ...entryKey, token }))).result;
  }

  /** Claims a fill, together with whatever else this context claims in this tick. */
  claim(request: Promise<ClaimRequest>): Promise<Answered<ClaimResult>> {
    return this.#claims.add(request);
  }

  /** Schedules a background fill, together with whatever else this context schedules in this tick. */
  async schedule(request: Promise<ScheduleRequest>): Promise<void> {
    await this.#schedules.add(request);
  }

  /** A granted fill is known here before anyone is told of it, so that equal claims can join it. */
  async #claimAll(requests: ClaimRequest[]): Promise<ClaimResult[]> {
    const { claim } = this.component.fills;
    const results: ClaimResult[] = await this.ctx.runMutation(claim, { requests });
    for (const result of results) {
      if (result.kind === "granted") this.fills.set(result.token, new LocalFill());
    }
    return results;
  }
}

/** What the fetches of one mutation's context share: those of one tick cost one nested call. */
class MutationFetchScope {
  readonly #fetches: Batcher<MutationFetch, MutationFetchResult>;
  readonly #schedules: Batcher<ScheduleRequest, boolean>;
  readonly reports: Reports;

  constructor(ctx: MutationContext, component: ComponentApi) {
    const { fills } = component;
    this.#fetches = new Batcher((requests) => ctx.runMutation(fills.fetch, { requests }));
    this.#schedules = new Batcher((requests) => ctx.runMutation(fills.schedule, { requests }));
    this.reports = new Reports(ctx, component);
  }

  /** Schedules a background fill, together with whatever else this context schedules in this tick. */
  async schedule(request: Promise<ScheduleRequest>): Promise<void> {
    await this.#schedules.add(request);
  }

  async fetch(request: Promise<MutationFetch>): Promise<MutationFetchResult> {
    return (await this.#fetches.add(request)).result;
  }
}

/** Keeps one scope for each context and installed component, which caches of any name share. */
function scopes<Context extends object, Scope>(
  create: (ctx: Context, cache: Cache) => Scope,
): (ctx: Context, cache: Cache) => Scope {
  const ofContexts = new WeakMap<Context, Map<unknown, Scope>>();
  return (ctx, cache) => {
    const ofContext = ofContexts.get(ctx) ?? new Map<unknown, Scope>();
    ofContexts.set(ctx, ofContext);
    const address = addressOf(cache.component);
    const scope = ofContext.get(address) ?? create(ctx, cache);
    ofContext.set(address, scope);
    return scope;
  };
}

/** Tells components apart: `components.actionCache` is another object each time it is read. */
function addressOf(component: ComponentApi): unknown {
  try {
    return getFunctionAddress(component.entries.read).reference ?? component;
  } catch {
    return component; // A mock.
  }
}

/** The scope of an action's context. */
export const scopeOf = scopes((ctx: ActionContext, cache) => new FetchScope(ctx, cache));

/** The scope of a mutation's context. */
export const mutationScopeOf = scopes(
  (ctx: MutationContext, cache) => new MutationFetchScope(ctx, cache.component),
);
