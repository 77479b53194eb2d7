import type { FillResult, Settlement } from "../fillProtocol.js";
import type { StoreOptions } from "../protocol.js";
import { errorToWire, messageOf } from "../wireErrors.js";

/**
 * What to do with a value: store it, let the entry live on that holds it
 * already, or neither, and why not.
 */
export type StoreDecision =
  | ({ kind: "store"; previous?: string } & StoreOptions)
  | ({ kind: "renew"; previous: string } & Pick<StoreOptions, "ttl" | "retain" | "tracking">)
  | { kind: "skip"; reason: string };

/** The value of a fill in the hands of whoever ran it, whatever became of it in the cache. */
export type Filled = {
  value: unknown;
  put: "created" | "replaced" | "unmodified" | "skipped" | "rejected" | "failed";
  /** Why the value was not stored. */
  reason?: string;
  /** How long the action took, in ms. */
  fillMs: number;
  createdAt: number;
  /** When the value ceases to be fresh; null for never. At once, where it was not stored. */
  expiresAt: number | null;
  /** Whether the entry was expired while the fill ran. */
  expired: boolean;
};

/** What a fill consists of: in the app's code or in the component, it is the same. */
export type FillSteps = {
  /** Runs the action. */
  run: () => Promise<unknown>;
  /** Decides how its value is stored. */
  store: (value: unknown) => StoreDecision | Promise<StoreDecision>;
  /** Reports how the fill ended, as soon as that is decided. */
  settle: (result: Promise<FillResult>) => Promise<Settlement>;
  /** Schedules the fill once more, for a refresh that relied on it. */
  scheduleAgain: () => Promise<unknown>;
  /** Called where it can't be reported that the fill failed or stored nothing. */
  onUnsettled: (error: unknown) => void;
  /** How long a failure is remembered, in ms. */
  errorTtl: number;
  /** How long no background fill follows one that stored nothing, in ms. */
  retryMs: number;
};

/**
 * Runs the action and settles the fill. Rejects with what the action threw and
 * with nothing else: a value that was computed is returned, whatever happens to it.
 */
export async function runFill(steps: FillSteps): Promise<Filled> {
  const { run, errorTtl, retryMs } = steps;
  const began = Date.now();
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    await tell(steps, { kind: "failed", error: errorToWire(error), errorTtl, retryMs });
    throw error;
  }
  const now = Date.now();
  const fillMs = Math.max(0, now - began);
  const unstored = { value, fillMs, createdAt: now, expiresAt: now, expired: false };
  const decided = decide(steps, value);
  const result = decided.then((decision) => resultOf(decision, fillMs, retryMs));
  let settled: Settlement | undefined;
  let error: unknown;
  try {
    // At once, so that fills which end together are settled together, however long each decides.
    settled = await steps.settle(result);
  } catch (thrown) {
    error = thrown;
  }
  if (settled?.again) await steps.scheduleAgain();
  const decision = await decided;
  if (decision.kind === "skip") {
    if (settled === undefined) steps.onUnsettled(error);
    return { ...unstored, put: "skipped", reason: decision.reason };
  }
  if (settled === undefined) {
    // Storage that failed a moment ago is reported as that, once.
    await tell({ ...steps, onUnsettled: () => {} }, { kind: "skipped", retryMs });
    return { ...unstored, put: "failed", reason: messageOf(error) };
  }
  if (!("createdAt" in settled)) return { ...unstored, put: "rejected" };
  const { kind: put, createdAt, expiresAt, expired } = settled;
  return { value, fillMs, put, createdAt, expiresAt, expired };
}

async function decide({ store }: FillSteps, value: unknown): Promise<StoreDecision> {
  try {
    return await store(value);
  } catch (error) {
    return { kind: "skip", reason: messageOf(error) };
  }
}

function resultOf(decision: StoreDecision, fillMs: number, retryMs: number): FillResult {
  if (decision.kind === "skip") return { kind: "skipped", retryMs };
  const kind = decision.kind === "store" ? "value" : "unmodified";
  return { ...decision, kind, fillMs } as FillResult;
}

/** Tells how a fill without a value to store ended. Nobody is kept waiting by that failing. */
async function tell(
  { settle, scheduleAgain, onUnsettled }: FillSteps,
  result: FillResult,
): Promise<void> {
  try {
    const { again } = await settle(Promise.resolve(result));
    if (again) await scheduleAgain();
  } catch (error) {
    onUnsettled(error);
  }
}
