import { type Filled, type FillSteps, runFill } from "../shared/engine/fill.js";
import { evidenceOf, type Watched } from "../shared/engine/leaseWatch.js";
import { LEASE_MS } from "../shared/leaseTimes.js";
import type { ClaimRequest, ClaimResult, FillStatus, HeldLease } from "../shared/fillProtocol.js";
import type { Entry, EntryKey } from "../shared/protocol.js";
import type { Value } from "convex/values";
import { copyOfAny } from "../shared/wire.js";
import { errorFromWire, messageOf } from "../shared/wireErrors.js";
import { type Answer, answerWith } from "./answer.js";
import { type Previous, previousOf } from "./compute.js";
import type { FetchCall } from "./fetchCall.js";
import type { FetchScope } from "./scope/scope.js";
import { NOT_MODIFIED } from "./inline.js";
import { type FillOutcome, waitForFill } from "./scope/waits.js";
import { scheduleRefresh, serve } from "./serve.js";
import { unsettled } from "../shared/warnings.js";
import { warnOfFailedCall } from "./failedCall.js";

/** After so many fills that were lost while it waited, a caller runs the action itself. */
const MAX_LOST = 3;
/** And after so many claims: entries that come and are stale at once could follow each other. */
const MAX_CLAIMS = 10;

/**
 * Claims the fill, and runs the action, or waits for whoever runs it.
 *
 * @param looked - What a lookup returned that is not to be served: an entry, or a
 * fill that runs, which is waited for without a claim.
 */
export async function fillOrWait(
  scope: FetchScope,
  call: FetchCall,
  looked: { entry: Entry | null; fill: FillStatus | null },
): Promise<Answer> {
  let seen = looked.entry;
  let lost = 0;
  let watched: Watched | undefined;
  let running = runningNow(looked.fill);
  for (let claims = 0; claims < MAX_CLAIMS && lost < MAX_LOST; claims += 1) {
    let result: ClaimResult;
    try {
      result = running ?? (await scope.claim(claimRequest(call, seen, watched)));
    } catch (error) {
      warnOfFailedCall(call, "claim", error);
      return await runAlone(scope, call, `the claim failed: ${messageOf(error)}`);
    }
    running = null;
    if (result.kind === "failed") throw errorFromWire(result.error);
    if (result.kind === "stored") {
      seen = result.entry;
      const served = await serve(scope, call, result.entry);
      if (served !== null) return { ...served, event: { get: "miss", put: "hit" } };
      continue;
    }
    if (result.kind === "granted" && scope.fills.get(result.token)?.take()) {
      const previous = seen && result.previous ? previousOf(call.cache, seen) : undefined;
      return await fill(scope, call, result.token, previous);
    }
    const held = result.kind === "held" ? result : justGranted(result.token);
    // Equal calls of one tick share one claim, and whatever comes of it.
    const isGranted = result.kind === "granted";
    const outcome = await outcomeOf(scope, call, held, { together: isGranted, watched });
    if (outcome.kind === "failed") throw outcome.error;
    if (outcome.kind === "computed") return outcome.answer;
    if (outcome.kind === "unshared") {
      if (outcome.error !== undefined) warnOfFailedCall(call, "poll", outcome.error);
      return await runAlone(scope, call, "the fill that was waited for shared no value");
    }
    if (outcome.kind === "stored") {
      const answer = answerFrom(call, outcome);
      if (answer !== null) return answer;
      if (outcome.entry.id !== "") seen = outcome.entry;
    }
    lost += 1;
    watched = outcome.kind === "lost" ? outcome.watched : undefined;
  }
  call.cache.warnings.warn("lost", LOST);
  return await runAlone(scope, call, "the fills that were waited for were lost");
}

const LOST =
  "a fetch waited for several fills, each of which was voided or lost, and ran the action " +
  "uncached. If the entry is removed, cleared or forced more often than the action takes, do so less often.";

async function claimRequest(
  call: FetchCall,
  seen: Entry | null,
  watched: Watched | undefined,
): Promise<ClaimRequest> {
  return {
    ...(await call.entryKey()),
    force: call.force,
    failures: call.failures,
    seen: seen?.id,
    previous: seen !== null && call.cache.config.compute !== undefined,
    lapsed: evidenceOf(watched, LEASE_MS),
    figures: call.figures,
  };
}

/**
 * The lease of a fill that a lookup saw running. One that has lapsed by this clock
 * is left to a claim, which goes by the component's.
 */
function runningNow(fill: FillStatus | null): HeldLease | null {
  if (fill?.state !== "running" || fill.deadline <= Date.now()) return null;
  const { token, deadline } = fill;
  return { kind: "held", token, deadline, leaseMs: LEASE_MS };
}

const justGranted = (token: string): HeldLease => ({
  kind: "held",
  token,
  deadline: 0,
  leaseMs: LEASE_MS,
});

/** Runs the action under a lease, and settles it. */
async function fill(
  scope: FetchScope,
  call: FetchCall,
  token: string,
  previous: Previous | undefined,
): Promise<Answer> {
  const entryKey = await call.entryKey();
  try {
    const steps = { ...fillSteps(scope, call, entryKey, token, previous), retryMs: 0 };
    const filled = await scope.fills
      .get(token)!
      .run(() => scope.calls.during(token, () => runFill(steps)));
    if (filled.put === "failed") {
      call.cache.warnings.warn(
        "settle",
        `a value could not be stored: ${filled.reason}. It is computed anew each time. ` +
          "Look at the component's errors in the logs.",
      );
    }
    return answerOf(filled);
  } finally {
    scope.fills.delete(token);
  }
}

/** What a fill does under its lease, from the previous value if there is one. */
export function fillSteps(
  scope: FetchScope,
  call: FetchCall,
  { name, key, tenant }: EntryKey,
  token: string,
  previous?: Previous,
): Omit<FillSteps, "retryMs"> {
  const { warnings } = call.cache;
  let isUnmodified = false;
  return {
    run: async () => {
      const value = await call.run(scope, previous);
      isUnmodified = value === NOT_MODIFIED;
      return isUnmodified ? previous!.value : value;
    },
    store: (value) =>
      isUnmodified ? call.storing.renew(previous!) : call.storing.store(value, previous?.id),
    settle: (result) =>
      scope.calls.settle({ name, key, tenant, token, figures: call.figures }, result),
    scheduleAgain: () => scheduleRefresh(scope, call, call.scheduleRequest()),
    onUnsettled: (error) => warnings.warn(...unsettled(error)),
    errorTtl: call.readOptions.errorTtl,
  };
}

function answerOf({ value, put, reason, fillMs, createdAt, expiresAt }: Filled): Answer {
  const event = { get: "miss" as const, put, ...(reason !== undefined && { reason }), fillMs };
  return { value, status: "filled", createdAt, expiresAt, event };
}

/** Runs the action for its caller alone. */
export async function runAlone(
  scope: FetchScope,
  call: FetchCall,
  reason: string,
): Promise<Answer> {
  const began = Date.now();
  const value = await call.run(scope);
  const now = Date.now();
  const event = { get: "miss", put: "skipped", reason, fillMs: Math.max(0, now - began) } as const;
  return { value, status: "filled", createdAt: now, expiresAt: now, event };
}

/** Waits for a fill that runs in this context or elsewhere. */
async function outcomeOf(
  scope: FetchScope,
  call: FetchCall,
  held: HeldLease,
  { together, watched }: { together: boolean; watched: Watched | undefined },
): Promise<FillOutcome | { kind: "computed"; answer: Answer }> {
  const ended = await scope.fills.get(held.token)?.ended;
  if (ended !== undefined) {
    if ("error" in ended) return { kind: "failed", error: ended.error as Error };
    const { filled } = ended;
    // No invalidation was asked about what was not stored since this caller came.
    const isUnstored = filled.put === "skipped" || filled.put === "failed";
    if (isUnstored) {
      return together ? { kind: "computed", answer: sharedAnswer(filled) } : { kind: "unshared" };
    }
    if (filled.put !== "rejected") return storedBy(filled);
  }
  try {
    const onLongWait = () => call.cache.warnings.warn("waiting", LONG_WAIT);
    return await waitForFill(scope, await call.entryKey(), held, onLongWait, watched);
  } catch (error) {
    return { kind: "unshared", error };
  }
}

const LONG_WAIT =
  "a fetch has waited for 30 s for a fill that another caller runs. An action that fetches its " +
  "own entry waits for itself: call what it needs directly instead.";

/** The answer of an equal call of the same tick, whose action ran for both. */
function sharedAnswer({ value, createdAt, expiresAt, fillMs }: Filled): Answer {
  const event = { get: "coalesced" } as const;
  const served = { fillMs };
  return { value: copyOfAny(value), status: "coalesced", createdAt, expiresAt, event, served };
}

function storedBy(filled: Filled): FillOutcome {
  const { createdAt, expiresAt, expired, fillMs } = filled;
  const content = { value: copyOfAny(filled.value) as Value };
  const entry = { id: "", content, createdAt, expiresAt, expired, fillMs };
  return { kind: "stored", entry, expired };
}

/** The answer of a fill that was waited for; null if it was expired meanwhile, past its window, or is of another shape. */
function answerFrom(
  call: FetchCall,
  { entry, expired }: Extract<FillOutcome, { kind: "stored" }>,
): Answer | null {
  const verdict = call.verdict(entry);
  if (expired && verdict.freshness === "expired") return null;
  return answerWith(call.cache, entry, verdict, "coalesced", { get: "coalesced" });
}
