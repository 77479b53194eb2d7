import { uncarry } from "../shared/carry.js";
import { uncarryError, messageOf } from "../shared/failures.js";
import { type Filled, runFill } from "../shared/fill.js";
import type { LogEvent } from "./log.js";
import type { Policy } from "./policy.js";
import type { Entry, Found, Place, Session } from "./session.js";
import type { Held, Outcome } from "./waits.js";

/** A fetched value, and how it was come by; times in ms since 1970. */
export type Fetched = {
  value: unknown;
  status: "hit" | "stale" | "filled" | "coalesced";
  createdAt: number;
  expiresAt: number | null;
  event: Pick<LogEvent, "get" | "put" | "reason">;
};

/** After so many fills that were lost while it waited, a caller runs the action itself. */
const MAX_ROUNDS = 3;

/**
 * Fetches one value: looks it up, serves it if it is fresh or may be served
 * stale, and otherwise fills, or waits for whoever is filling.
 *
 * Rejects only with what the action threw: what fails in the cache costs the
 * caller no more than running the action.
 */
export async function fetchValue(
  session: Session,
  policy: Policy,
  force: boolean,
): Promise<Fetched> {
  const placing = policy.place();
  if (force) return await fillOrWait(session, policy, placing, null, true);
  const { entry, failure } = await lookUp(session, policy, placing);
  const failed = failure !== null && Date.now() < failure.until;
  const served = entry && (await serve(session, policy, entry, failed));
  if (served !== null) return served;
  if (failed) {
    const stale = entry && serveOnError(policy, entry, failure.error.message);
    if (stale !== null) return stale;
    throw uncarryError(failure.error);
  }
  try {
    return await fillOrWait(session, policy, placing, entry, false);
  } catch (error) {
    // Looked up again, for the entry may have been removed while the action ran.
    const latest = policy.servesOnError ? (await lookUp(session, policy, placing)).entry : null;
    const stale = latest && serveOnError(policy, latest, messageOf(error));
    if (stale !== null) return stale;
    throw error;
  }
}

/** Looks up the entry, and whether a failure is remembered; a lookup that fails finds nothing. */
async function lookUp(
  session: Session,
  policy: Policy,
  placing: Promise<Place>,
): Promise<Pick<Found, "entry" | "failure">> {
  const failures = policy.errorTtl > 0;
  try {
    return await session.lookup(
      placing.then((place) => (failures ? { ...place, failures } : place)),
    );
  } catch {
    return { entry: null, failure: null };
  }
}

/** Serves an entry that is fresh, or stale within the window, and sees to its refresh. */
async function serve(
  session: Session,
  policy: Policy,
  entry: Entry,
  failed: boolean,
): Promise<Fetched | null> {
  const now = Date.now();
  const fresh = now < policy.expiryOf(entry);
  if (!fresh && now >= policy.staleUntil(entry)) return null;
  const status = fresh ? "hit" : "stale";
  const served = read(policy, entry, status, { get: status });
  if (served !== null && !failed && (!fresh || policy.refreshesAhead(entry))) {
    await refresh(session, policy, entry);
  }
  return served;
}

/** Serves an entry in place of an error, within the window for that. */
function serveOnError(policy: Policy, entry: Entry, reason: string): Fetched | null {
  if (Date.now() >= policy.staleIfErrorUntil(entry)) return null;
  return read(policy, entry, "stale", { get: "stale", reason });
}

/** Schedules a refresh of an entry, unless one is under way. It failing costs the reader nothing. */
async function refresh(session: Session, policy: Policy, entry: Entry): Promise<void> {
  const request = policy.schedule("this fetch", false);
  await session
    .schedule(request.then((schedule) => ({ ...schedule, seen: entry.id })))
    .catch(() => {});
}

/** The value of an entry, or null if it can't be unpacked. */
function read(
  policy: Policy,
  entry: Entry,
  status: Fetched["status"],
  event: Fetched["event"],
): Fetched | null {
  const expiry = policy.expiryOf(entry);
  const expiresAt = expiry === Infinity ? null : expiry;
  try {
    const value = uncarry(entry.content);
    return { value, status, createdAt: entry.createdAt, expiresAt, event };
  } catch {
    return null;
  }
}

/** Claims the fill, and runs the action, or waits for whoever is running it. */
async function fillOrWait(
  session: Session,
  policy: Policy,
  placing: Promise<Place>,
  looked: Entry | null,
  force: boolean,
): Promise<Fetched> {
  let seen = looked;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let claimed;
    let place;
    try {
      claimed = await session.claim(
        placing.then((place) => ({
          ...place,
          force: force && round === 0,
          ...(seen === null ? {} : { seen: seen.id }),
        })),
      );
      place = await placing;
    } catch (error) {
      return await runAlone(session, policy, `the claim failed: ${messageOf(error)}`);
    }
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
  }
  return await runAlone(session, policy, `${MAX_ROUNDS} fills that were waited for were lost`);
}

/** Runs the action under a lease, and settles it. */
async function fill(
  session: Session,
  policy: Policy,
  place: Place,
  token: string,
): Promise<Fetched> {
  const filling = session.leases.during(token, () => runUnder(session, policy, place, token));
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
  held: Held,
): Promise<Fetched | "unshared" | "lost"> {
  const local = session.fills.get(held.token);
  if (local !== undefined) {
    const { value, put, createdAt, expiresAt } = await local;
    if (put === "rejected") return "lost";
    return { value, status: "coalesced", createdAt, expiresAt, event: { get: "coalesced" } };
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
