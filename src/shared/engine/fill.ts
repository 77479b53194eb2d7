import type { FillResult, Settlement, StoreOptions } from "../protocol.js";
import { errorToWire, messageOf } from "../wireErrors.js";

/** What to do with a value: store it, or not, and why not. */
export type StoreDecision = ({ kind: "store" } & StoreOptions) | { kind: "skip"; reason: string };

/** The value of a fill in the hands of whoever ran it, whatever became of it in the cache. */
export type Filled = {
  value: unknown;
  put: "created" | "replaced" | "skipped" | "rejected" | "failed";
  /** Why the value was not stored. */
  reason?: string;
  /** How long the action took, in ms. */
  fillMs: number;
  createdAt: number;
  /** When the value ceases to be fresh; null for never. At once, where it was not stored. */
  expiresAt: number | null;
  /** Whether the entry was expired while the fill ran. */
  expired: boolean;
  /** Whether a refresh that relied on this fill is due once more. */
  again: boolean;
};

/** What a fill consists of: in the app's code or in the component, it is the same. */
export type FillSteps = {
  /** Runs the action. */
  run: () => Promise<unknown>;
  /** Decides how its value is stored. */
  store: (value: unknown) => StoreDecision | Promise<StoreDecision>;
  /** Reports how the fill ended. */
  settle: (result: FillResult) => Promise<Settlement>;
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
  const { run, store, settle, errorTtl, retryMs } = steps;
  const began = Date.now();
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    await settle({ kind: "failed", error: errorToWire(error), errorTtl, retryMs }).catch(() => {});
    throw error;
  }
  const now = Date.now();
  const fillMs = Math.max(0, now - began);
  const unstored = { value, fillMs, createdAt: now, expiresAt: now, expired: false, again: false };
  const skip = async (put: "skipped" | "failed", reason: string): Promise<Filled> => {
    await settle({ kind: "skipped", reason, retryMs }).catch(() => {});
    return { ...unstored, put, reason };
  };
  let decision: StoreDecision;
  try {
    decision = await store(value);
  } catch (error) {
    return await skip("skipped", messageOf(error));
  }
  if (decision.kind === "skip") return await skip("skipped", decision.reason);
  try {
    const { kind: _, ...options } = decision;
    const settled = await settle({ kind: "value", fillMs, ...options });
    if (settled.kind === "created" || settled.kind === "replaced") {
      const { kind: put, createdAt, expiresAt, expired } = settled;
      return { ...unstored, put, createdAt, expiresAt, expired };
    }
    return { ...unstored, put: "rejected", again: settled.kind === "rejected" && settled.again };
  } catch (error) {
    return await skip("failed", messageOf(error));
  }
}
