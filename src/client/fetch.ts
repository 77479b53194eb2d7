import { messageOf, uncarryError } from "../shared/failures.js";
import { type Fetched, read } from "./fetched.js";
import { fillOrWait } from "./filling.js";
import type { Policy } from "./policy.js";
import type { Entry, Found, Place, Session } from "./session.js";

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
  const served = entry && (await serve(session, policy, placing, entry, failed));
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
    const served = latest && serveOnError(policy, latest, messageOf(error));
    if (served !== null) return served;
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
  placing: Promise<Place>,
  entry: Entry,
  failed: boolean,
): Promise<Fetched | null> {
  const now = Date.now();
  const fresh = now < policy.expiryOf(entry);
  if (!fresh && now >= policy.staleUntil(entry)) return null;
  const status = fresh ? "hit" : "stale";
  const served = read(policy, entry, status, { get: status });
  if (served !== null && !failed && (!fresh || policy.refreshesAhead(entry))) {
    await refresh(session, policy, placing, entry);
  }
  return served;
}

/** Serves an entry in place of an error: within the window for that, or if it has come since. */
function serveOnError(policy: Policy, entry: Entry, reason: string): Fetched | null {
  const now = Date.now();
  if (now >= policy.staleIfErrorUntil(entry)) return null;
  const status = now < policy.expiryOf(entry) ? "hit" : "stale";
  return read(policy, entry, status, { get: status, reason });
}

/** Schedules a refresh of an entry, unless one is under way. It failing costs the reader nothing. */
async function refresh(
  session: Session,
  policy: Policy,
  placing: Promise<Place>,
  entry: Entry,
): Promise<void> {
  const request = policy.schedule(placing, false);
  await session
    .schedule(
      request.then((schedule) => ({
        ...schedule,
        ...(policy.errorTtl > 0 && { failures: true }),
        seen: entry.id,
      })),
    )
    .catch(() => {});
}
