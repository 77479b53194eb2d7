import type { FunctionArgs } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { fromContent } from "../shared/content.js";
import { expiryUnder } from "../shared/freshness.js";
import { messageOf, serializeError } from "./failures.js";
import type { LogEvent } from "./log.js";
import type { Policy } from "./policy.js";
import type { Entry, LocalOutcome, Place, Session } from "./session.js";
import type { Held, Outcome } from "./waits.js";

/** A fetched value, and how it was come by. */
export type Fetched = {
  value: unknown;
  status: "hit" | "filled" | "coalesced";
  event: Pick<LogEvent, "get" | "put" | "reason">;
};

/** How a fill ended, as its holder reports it. */
type Result = FunctionArgs<ComponentApi["fills"]["settle"]>["result"];

/** After so many fills that were lost while it waited, a caller runs the action itself. */
const MAX_ROUNDS = 3;

/**
 * Fetches one value: looks it up, and if there is none that is fresh, claims the
 * fill, and either runs the action or waits for whoever is running it.
 *
 * Rejects only with what the action threw: what fails in the cache costs the
 * caller no more than running the action.
 */
export async function fetchValue(
  session: Session,
  policy: Policy,
  options: { ttl: number | null; force: boolean },
): Promise<Fetched> {
  const placing = policy.place();
  let seen: Entry | null = null;
  if (!options.force) {
    seen = await session.lookup(placing).catch(() => null);
    if (seen !== null && isFresh(seen, options.ttl)) {
      const hit = read(seen, { get: "hit" }, "hit");
      if (hit !== null) return hit;
    }
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const request = placing.then((place) => ({
      ...place,
      force: options.force && round === 0,
      ...(seen === null ? {} : { seen: seen.id }),
    }));
    let claimed;
    let place;
    try {
      claimed = await session.claim(request);
      place = await placing;
    } catch (error) {
      return await runUnshared(session, policy, `claim failed: ${messageOf(error)}`);
    }
    if (claimed.kind === "granted") return await fill(session, policy, place, claimed.token);
    if (claimed.kind === "found") {
      seen = claimed.entry;
      const found = isFresh(seen, options.ttl)
        ? read(seen, { get: "miss", put: "hit" }, "hit")
        : null;
      if (found !== null) return found;
      continue;
    }
    const held = { ...claimed, lastFillMs: seen?.fillMs ?? null };
    const joined = await join(session, place, held);
    if (joined === "unshared") {
      return await runUnshared(session, policy, "the fill that was waited for shared no value");
    }
    if (joined !== "lost") return joined;
  }
  return await runUnshared(session, policy, `${MAX_ROUNDS} fills that were waited for were lost`);
}

function isFresh(entry: Entry, ttl: number | null): boolean {
  return Date.now() < expiryUnder(entry, ttl);
}

/** The value of an entry, or null if it can't be unpacked. */
function read(entry: Entry, event: Fetched["event"], status: Fetched["status"]): Fetched | null {
  try {
    return { value: fromContent(entry.content), status, event };
  } catch {
    return null;
  }
}

/** Runs the action for its caller alone. */
async function runUnshared(session: Session, policy: Policy, reason: string): Promise<Fetched> {
  const value = await policy.run(session.ctx);
  return {
    value,
    status: "filled",
    event: { get: "miss", put: "skipped", reason },
  };
}

/** Waits for a fill that somebody else runs, in this context or elsewhere. */
async function join(
  session: Session,
  place: Place,
  held: Held,
): Promise<Fetched | "unshared" | "lost"> {
  const local = session.fills.get(held.token);
  if (local !== undefined) {
    const outcome = await local;
    if (outcome.kind === "lost") return "lost";
    return {
      value: outcome.value,
      status: "coalesced",
      event: { get: "coalesced" },
    };
  }
  let outcome: Outcome;
  try {
    outcome = await session.waits.for(place, held);
  } catch {
    return "unshared";
  }
  if (outcome.kind === "failed") throw outcome.error;
  if (outcome.kind !== "stored") return outcome.kind;
  return read(outcome.entry, { get: "coalesced" }, "coalesced") ?? "unshared";
}

/** Runs the action under a lease, and settles it. */
async function fill(
  session: Session,
  policy: Policy,
  place: Place,
  token: string,
): Promise<Fetched> {
  const filling = session.leases.during(token, () => runAndSettle(session, policy, place, token));
  const shared = shareLocally(filling);
  shared.catch(() => {}); // Nobody may be waiting, and the caller has the error already.
  session.fills.set(token, shared);
  try {
    return await filling;
  } finally {
    session.fills.delete(token);
  }
}

async function shareLocally(filling: Promise<Fetched>): Promise<LocalOutcome> {
  const { value, event } = await filling;
  return event.put === "rejected" ? { kind: "lost" } : { kind: "value", value };
}

async function runAndSettle(
  session: Session,
  policy: Policy,
  place: Place,
  token: string,
): Promise<Fetched> {
  const { ctx, component } = session;
  const settle = (result: Result) =>
    ctx.runMutation(component.fills.settle, {
      name: place.name,
      key: place.key,
      token,
      result,
    });
  const began = Date.now();
  let value: unknown;
  try {
    value = await policy.run(ctx);
  } catch (error) {
    await settle({ kind: "failed", error: serializeError(error) }).catch(() => {});
    throw error;
  }
  const fetched = (put: LogEvent["put"], reason?: string): Fetched => ({
    value,
    status: "filled",
    event: { get: "miss", put, ...(reason === undefined ? {} : { reason }) },
  });
  let skipped: string;
  try {
    const stored = policy.store(value, place);
    if (stored.kind === "value") {
      const put = await settle({ ...stored, fillMs: Date.now() - began });
      return fetched(put === "none" ? "rejected" : put);
    }
    skipped = stored.reason;
  } catch (error) {
    skipped = messageOf(error);
  }
  await settle({ kind: "skipped" }).catch(() => {});
  return fetched("skipped", skipped);
}
