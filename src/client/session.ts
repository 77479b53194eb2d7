import { convexToJson } from "convex/values";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import type { Identity } from "../shared/key.js";
import { Batcher } from "./batcher.js";
import type { ActionContext } from "./contexts.js";
import { Leases } from "./leases.js";
import { Waits } from "./waits.js";

/** Where an entry is: its cache's name, and its key. */
export type Place = Identity & { name: string };

/** An entry as the component returns it. */
export type Entry = NonNullable<Found["entry"]>;

type Lookup = Place & { token?: string };
type Found = FunctionReturnType<ComponentApi["entries"]["read"]>[number];
type ClaimRequest = FunctionArgs<ComponentApi["fills"]["claim"]>["requests"][number];
type Claimed = FunctionReturnType<ComponentApi["fills"]["claim"]>[number];

/** The value of a fill of this context, for other fetches of the same context. */
export type LocalOutcome = { kind: "value"; value: unknown } | { kind: "lost" };

/**
 * What the fetches of one context share: lookups and claims of one tick go in
 * one call each, and there is one heartbeat and one timer for polls.
 */
export class Session {
  readonly leases: Leases;
  readonly waits: Waits;
  /** Fills that run in this context, by their token. */
  readonly fills = new Map<string, Promise<LocalOutcome>>();
  readonly #lookups: Batcher<Lookup, Found>;
  readonly #claims: Batcher<ClaimRequest, Claimed>;

  constructor(
    readonly ctx: ActionContext,
    readonly component: ComponentApi,
  ) {
    this.leases = new Leases(ctx, component);
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
    this.waits = new Waits((place, token) =>
      this.#lookups.add(Promise.resolve({ ...place, token })),
    );
  }

  /** Looks up an entry, together with whatever else this context looks up in this tick. */
  async lookup(place: Promise<Place>): Promise<Entry | null> {
    return (await this.#lookups.add(place)).entry;
  }

  /** Claims a fill, together with whatever else this context claims in this tick. */
  claim(request: Promise<ClaimRequest>): Promise<Claimed> {
    return this.#claims.add(request);
  }
}

const sessions = new WeakMap<ActionContext, Map<ComponentApi, Session>>();

/** The session of a context with one installed component. */
export function sessionOf(ctx: ActionContext, component: ComponentApi): Session {
  const ofContext = sessions.get(ctx) ?? new Map<ComponentApi, Session>();
  sessions.set(ctx, ofContext);
  const session = ofContext.get(component) ?? new Session(ctx, component);
  ofContext.set(component, session);
  return session;
}

/**
 * Calls with each distinct request once, and gives equal requests the same
 * answer; `repeat` says what the second and later askers get.
 */
async function callOnceEach<Request extends Place & { token?: string; force?: boolean }, Result>(
  requests: Request[],
  call: (distinct: Request[]) => Promise<Result[]>,
  repeat: (result: Result) => Result = (result) => result,
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
  if (claimed.kind !== "granted") return claimed;
  return {
    kind: "held",
    token: claimed.token,
    deadline: Infinity,
    since: Date.now(),
  };
}
