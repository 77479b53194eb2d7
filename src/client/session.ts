import { type FunctionArgs, type FunctionReturnType, getFunctionAddress } from "convex/server";
import { convexToJson } from "convex/values";
import type { ComponentApi } from "../component/_generated/component.js";
import { copy } from "../shared/carry.js";
import type { Filled } from "../shared/fill.js";
import { Heartbeat } from "../shared/heartbeat.js";
import type { Identity } from "../shared/key.js";
import { Batcher } from "./batcher.js";
import type { ActionContext } from "./contexts.js";
import type { ScheduleRequest } from "./policy.js";
import { type Held, Waits } from "./waits.js";

/** Where an entry is: its cache's name, and its key. */
export type Place = Identity & { name: string };

/** An entry as the component returns it. */
export type Entry = NonNullable<Found["entry"]>;

type Lookup = FunctionArgs<ComponentApi["entries"]["read"]>["requests"][number];
export type Found = FunctionReturnType<ComponentApi["entries"]["read"]>[number];
type ClaimRequest = FunctionArgs<ComponentApi["fills"]["claim"]>["requests"][number];
type Claimed =
  | Exclude<FunctionReturnType<ComponentApi["fills"]["claim"]>[number], { kind: "held" }>
  | ({ kind: "held"; together?: boolean } & Omit<Held, "lastFillMs">);

/**
 * What the fetches of one context share: lookups and claims of one tick go in
 * one call each, and there is one heartbeat and one timer for polls.
 */
export class Session {
  readonly heartbeat: Heartbeat;
  readonly waits: Waits;
  /** Fills that run in this context, by their token. */
  readonly fills = new Map<string, Promise<Filled>>();
  readonly #lookups: Batcher<Lookup, Found>;
  readonly #claims: Batcher<ClaimRequest, Claimed>;
  readonly #schedules: Batcher<ScheduleRequest, boolean>;

  constructor(
    readonly ctx: ActionContext,
    readonly component: ComponentApi,
  ) {
    this.heartbeat = new Heartbeat((tokens) =>
      ctx.runMutation(component.fills.heartbeat, { tokens }),
    );
    this.#lookups = new Batcher((requests) =>
      callOnceEach(requests, (distinct) =>
        ctx.runQuery(component.entries.read, { requests: distinct }),
      ),
    );
    this.#claims = new Batcher((requests) =>
      callOnceEach(
        requests,
        (distinct) => ctx.runMutation(component.fills.claim, { requests: distinct }),
        joinFirst,
      ),
    );
    this.#schedules = new Batcher((requests) =>
      callOnceEach(requests, (distinct) =>
        ctx.runMutation(component.fills.schedule, { requests: distinct }),
      ),
    );
    this.waits = new Waits((place, token) =>
      this.#lookups.add(Promise.resolve({ ...place, token })),
    );
  }

  /** Looks up an entry, together with whatever else this context looks up in this tick. */
  lookup(request: Promise<Lookup>): Promise<Found> {
    return this.#lookups.add(request);
  }

  /** Claims a fill, together with whatever else this context claims in this tick. */
  claim(request: Promise<ClaimRequest>): Promise<Claimed> {
    return this.#claims.add(request);
  }

  /** Schedules a background fill, together with whatever else this context schedules in this tick. */
  schedule(request: Promise<ScheduleRequest>): Promise<boolean> {
    return this.#schedules.add(request);
  }
}

const sessions = new WeakMap<ActionContext, Map<unknown, Session>>();

/** The session of a context with one installed component, which caches of any name share. */
export function sessionOf(ctx: ActionContext, component: ComponentApi): Session {
  const ofContext = sessions.get(ctx) ?? new Map<unknown, Session>();
  sessions.set(ctx, ofContext);
  const address = addressOf(component);
  const session = ofContext.get(address) ?? new Session(ctx, component);
  ofContext.set(address, session);
  return session;
}

/** Tells components apart: `components.actionCache` is another object each time it is read. */
function addressOf(component: ComponentApi): unknown {
  try {
    return getFunctionAddress(component.entries.read).reference ?? component;
  } catch {
    return component; // A mock.
  }
}

/**
 * Calls with each distinct request once, and gives equal requests the same
 * answer; `repeat` says what the second and later askers get.
 */
async function callOnceEach<Request extends Place & { token?: string; force?: boolean }, Result>(
  requests: Request[],
  call: (distinct: Request[]) => Promise<Result[]>,
  repeat: (result: Result) => Result = (result) => copy(result) as Result,
): Promise<Result[]> {
  const positions = new Map<string, number>();
  const distinct: Request[] = [];
  const asked = requests.map((request) => {
    const { name, key, token } = request;
    const id = JSON.stringify(convexToJson([name, key, token ?? null]));
    const known = positions.get(id);
    if (known === undefined) {
      positions.set(id, distinct.push(request) - 1);
      return { position: distinct.length - 1, first: true };
    }
    if (request.force) distinct[known] = { ...distinct[known]!, force: true };
    return { position: known, first: false };
  });
  const results = await call(distinct);
  const unanswered = asked.findIndex(({ position }) => position >= results.length);
  return asked
    .slice(0, unanswered === -1 ? undefined : unanswered)
    .map(({ position, first }) => (first ? results[position]! : repeat(results[position]!)));
}

/** Whoever asks second for a fill that was granted in the same call waits for it. */
function joinFirst(claimed: Claimed): Claimed {
  if (claimed.kind !== "granted") return copy(claimed) as Claimed;
  const { token } = claimed;
  return { kind: "held", token, deadline: Infinity, since: Date.now(), together: true };
}
