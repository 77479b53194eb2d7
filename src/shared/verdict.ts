import { freshness } from "./freshness.js";
import type { Explanation, InvalidatedBy } from "./inspectProtocol.js";

/** What a fetch would find, in a word and a sentence. */
export type Reason = { state: "hit" | "stale" | "miss"; sentence: string };

/**
 * Tells in a word and a sentence why a call that was explained would be a hit, stale
 * or a miss. The sentence tells times as ISO strings.
 *
 * @param now - In ms since 1970; pass `Date.now()` where a clock may be read.
 *
 * @example
 * const { state, sentence } = verdict(await cache.explain(ctx, args), Date.now());
 */
export function verdict(explanation: Explanation, now: number): Reason {
  const { entry, failure, expiresAt, invalidatedBy } = explanation;
  const says = (state: Reason["state"], ...clauses: string[]): Reason => {
    const all = [...clauses, ...remembered(explanation, now), ...filling(explanation, now)];
    const sentence = `${all.join("; ")}.`;
    return { state, sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1) };
  };
  if (entry === null) {
    const why = [...invalidated(invalidatedBy), ...evicted(explanation)];
    return says("miss", "nothing is stored", ...why);
  }
  if (invalidatedBy?.mode === "remove") {
    return says("miss", "what is stored is not valid", ...invalidated(invalidatedBy));
  }
  if (entry.unusable !== null) return says("miss", UNUSABLE[entry.unusable]);
  const state = freshness({ expiresAt, staleUntil: entry.staleUntil }, now);
  if (state === "fresh") return says("hit", `what is stored is fresh${until(expiresAt)}`);
  const expired = whyExpired(explanation);
  if (state === "stale") {
    return says("stale", ...expired, `it is served stale${until(entry.staleUntil)}`);
  }
  const { staleIfErrorUntil } = entry;
  const isServed = staleIfErrorUntil === null || now < staleIfErrorUntil;
  if (isServed && failure !== null && now < failure.until) {
    return says(
      "stale",
      ...expired,
      `it is served in place of an error${until(staleIfErrorUntil)}`,
    );
  }
  return says("miss", ...expired);
}

const UNUSABLE = {
  shape: "`checkValue` refuses what is stored",
  incomplete: "a part of what is stored is missing",
};

/** Why a value is not fresh any more: by its time, or by an invalidation that came before. */
function whyExpired({ entry, expiresAt, invalidatedBy }: Explanation): string[] {
  const { idleAt, readAt } = entry!;
  if (idleAt !== null && idleAt === expiresAt) {
    return [`nobody has read what is stored since ${iso(readAt!)}, longer than \`idleTtl\``];
  }
  return invalidatedBy !== null && invalidatedBy.at <= expiresAt!
    ? ["what is stored is not fresh", ...invalidated(invalidatedBy)]
    : [`what is stored expired at ${iso(expiresAt!)}`];
}

function invalidated(invalidatedBy: InvalidatedBy | null): string[] {
  if (invalidatedBy === null) return [];
  const { by, tag, tenant, mode, at, before } = invalidatedBy;
  const what = by === "everything" ? by : `the ${by}${tag === undefined ? "" : ` \`${tag}\``}`;
  const whose = tenant === undefined || by === "tenant" ? "" : " for this tenant";
  const how = by !== "tag" ? "cleared" : mode === "expire" ? "expired" : "invalidated";
  const only = before === undefined ? "" : ` for what was created up to ${iso(before)}`;
  return [`${what} was ${how}${whose} at ${iso(at)}${only}`];
}

function evicted({ evicted }: Explanation): string[] {
  if (evicted === null) return [];
  const why = evicted.reason === "idleTtl" ? "as nobody read it" : "to keep the bounds";
  return [`it was last evicted at ${iso(evicted.at)}, ${why}`];
}

function remembered({ failure }: Explanation, now: number): string[] {
  if (failure === null || now >= failure.until) return [];
  return [`a failure is remembered${until(failure.until)}`];
}

function filling({ fill }: Explanation, now: number): string[] {
  if (fill === null) return [];
  const { state, since, leaseUntil } = fill;
  if (state === "scheduled") return [`a fill has been scheduled since ${iso(since)}`];
  return now < leaseUntil
    ? [`a fill has been running since ${iso(since)}`]
    : [`a fill that began at ${iso(since)} lost its lease at ${iso(leaseUntil)}`];
}

const until = (time: number | null) =>
  time === null || time > LAST_DATE ? ", with no end" : ` until ${iso(time)}`;

/** The furthest time from 1970 that a date can tell, in ms. */
const LAST_DATE = 8.64e15;

/** A time in ms as an ISO string, as near as a date can tell. */
export const iso = (time: number) =>
  new Date(Math.min(Math.max(time, -LAST_DATE), LAST_DATE)).toISOString();
