import { copy } from "../shared/carry.js";
import { messageOf, uncarryError } from "../shared/failures.js";
import { type Filled, runFill } from "../shared/fill.js";
import { type Fetched, read } from "./fetched.js";
import type { Policy } from "./policy.js";
import type { Entry, Place, Session } from "./session.js";
import type { Held, Outcome } from "./waits.js";

/** After so many fills that were lost while it waited, a caller runs the action itself. */
const MAX_LOST = 3;

/** Claims the fill, and runs the action, or waits for whoever is running it. */
export async function fillOrWait(
  session: Session,
  policy: Policy,
  placing: Promise<Place>,
  looked: Entry | null,
  force: boolean,
): Promise<Fetched> {
  let seen = looked;
  let lost = 0;
  while (lost < MAX_LOST) {
    let claimed;
    let place;
    try {
      claimed = await session.claim(
        placing.then((place) => ({
          ...place,
          force: force && lost === 0,
          ...(policy.errorTtl > 0 && { failures: true }),
          ...(seen !== null && { seen: seen.id }),
        })),
      );
      place = await placing;
    } catch (error) {
      return await runAlone(session, policy, `the claim failed: ${messageOf(error)}`);
    }
    if (claimed.kind === "failed") throw uncarryError(claimed.error);
    if (claimed.kind === "granted") return await fill(session, policy, place, claimed.token);
    if (claimed.kind === "found") {
      seen = claimed.entry;
      const fresh = Date.now() < policy.expiryOf(seen);
      const found = fresh ? read(policy, seen, "hit", { get: "miss", put: "hit" }) : null;
      if (found !== null) return found;
      continue;
    }
    const joined = await join(session, policy, place, {
      ...claimed,
      lastFillMs: seen?.fillMs ?? null,
    });
    if (joined === "unshared") {
      return await runAlone(session, policy, "the fill that was waited for shared no value");
    }
    if (joined !== "lost") return joined;
    lost += 1;
  }
  return await runAlone(session, policy, `${MAX_LOST} fills that were waited for were lost`);
}

/** Runs the action under a lease, and settles it. */
async function fill(
  session: Session,
  policy: Policy,
  place: Place,
  token: string,
): Promise<Fetched> {
  const filling = session.heartbeat.during(token, () => runUnder(session, policy, place, token));
  session.fills.set(token, filling);
  try {
    return fetched(await filling);
  } finally {
    session.fills.delete(token);
  }
}

/** Runs the action under a lease that is held, and settles it. */
export function runUnder(
  { ctx, component }: Pick<Session, "ctx" | "component">,
  policy: Policy,
  { name, key, tenant }: Place,
  token: string,
): Promise<Filled> {
  return runFill({
    run: () => policy.run(ctx),
    store: (value) => policy.store(value),
    settle: (result) =>
      ctx.runMutation(component.fills.settle, { name, key, tenant, token, result }),
    errorTtl: policy.errorTtl,
  });
}

function fetched({ put, reason, ...filled }: Filled): Fetched {
  const event = { get: "miss" as const, put, ...(reason === undefined ? {} : { reason }) };
  return { ...filled, status: "filled", event };
}

/** Runs the action for its caller alone. */
async function runAlone(session: Session, policy: Policy, reason: string): Promise<Fetched> {
  const value = await policy.run(session.ctx);
  const now = Date.now();
  return fetched({ value, put: "skipped", reason, createdAt: now, expiresAt: now });
}

/** Waits for a fill that somebody else runs, in this context or elsewhere. */
async function join(
  session: Session,
  policy: Policy,
  place: Place,
  held: Held & { together?: boolean },
): Promise<Fetched | "unshared" | "lost"> {
  const local = session.fills.get(held.token);
  if (local !== undefined) {
    const { value, put, createdAt, expiresAt } = await local;
    if (put === "rejected") return "lost";
    // What was not stored was judged by no invalidation since this caller came.
    if (put === "skipped" && !held.together) return "unshared";
    const event = { get: "coalesced" } as const;
    return { value: copy(value), status: "coalesced", createdAt, expiresAt, event };
  }
  let outcome: Outcome;
  try {
    outcome = await session.waits.for(place, held);
  } catch {
    return "unshared";
  }
  if (outcome.kind === "failed") throw outcome.error;
  if (outcome.kind !== "stored") return outcome.kind;
  // Expired by hand while it was filled: to those who came after that it is stale.
  if (outcome.entry.invalidated && Date.now() >= policy.staleUntil(outcome.entry)) return "lost";
  return read(policy, outcome.entry, "coalesced", { get: "coalesced" }) ?? "unshared";
}
