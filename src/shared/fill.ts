import type { Carried } from "./carry.js";
import { type CarriedError, carryError, messageOf } from "./failures.js";

/** How a value that was computed is to be stored. */
export type Terms = {
  content: Carried;
  /** How long it is fresh, in ms; null for ever. */
  ttl: number | null;
  /** How long it is kept after that, in ms. */
  retain: number;
  /** Whether failures are remembered, of which storing it ends one. */
  failures?: boolean;
  /** The app's labels of the entry. */
  tags?: string[];
  /** How to fill it again, for a rehydration. */
  origin?: Origin;
};

/** How to fill an entry again: its arguments, and the handle of the app's function that fills. */
export type Origin = { args: Carried; runner: { kind: "app"; refresher: string } };

/** What to do with a value: store it, or not, and why not. */
export type Storing = { kind: "value"; terms: Terms } | { kind: "unstored"; reason: string };

/** How a fill ended, as its holder reports it. */
export type Result =
  | ({ kind: "value"; fillMs: number } & Terms)
  | { kind: "skipped" }
  /** `errorTtl` is how long the error is remembered, in ms. */
  | { kind: "failed"; error: CarriedError; errorTtl: number };

/** What became of a fill; times in ms. */
export type Settled =
  | { kind: "created" | "replaced"; createdAt: number; expiresAt: number | null }
  | { kind: "rejected" | "none" };

/** The value of a fill that its caller holds in hands, whatever became of it in the cache. */
export type Filled = {
  value: unknown;
  put: "created" | "replaced" | "skipped" | "rejected";
  /** Why the value was not stored. */
  reason?: string;
  createdAt: number;
  /** When the value ceases to be fresh; null for never. At once, where it was not stored. */
  expiresAt: number | null;
};

/** What a fill consists of: in the app's code or in the component, it is the same. */
export type FillSteps = {
  /** Runs the action. */
  run: () => Promise<unknown>;
  /** Decides how its value is stored. */
  store: (value: unknown) => Storing | Promise<Storing>;
  /** Reports how the fill ended. */
  settle: (result: Result) => Promise<Settled>;
  /** How long a failure is remembered, in ms. */
  errorTtl: number;
};

/**
 * Runs the action and settles the fill. Rejects with what the action threw and
 * with nothing else: a value that was computed is returned, whatever happens to it.
 */
export async function runFill({ run, store, settle, errorTtl }: FillSteps): Promise<Filled> {
  const began = Date.now();
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    await settle({ kind: "failed", error: carryError(error), errorTtl }).catch(() => {});
    throw error;
  }
  const now = Date.now();
  const unstored = { value, createdAt: now, expiresAt: now };
  let reason: string;
  try {
    const storing = await store(value);
    if (storing.kind === "value") {
      const settled = await settle({ kind: "value", ...storing.terms, fillMs: now - began });
      if (!("createdAt" in settled)) return { ...unstored, put: "rejected" };
      const { kind: put, createdAt, expiresAt } = settled;
      return { value, put, createdAt, expiresAt };
    }
    reason = storing.reason;
  } catch (error) {
    reason = messageOf(error);
  }
  await settle({ kind: "skipped" }).catch(() => {});
  return { ...unstored, put: "skipped", reason };
}

/** A ttl with a random part taken off, up to a fraction of it; null, for ever, stays null. */
export function jittered(ttl: number | null, fraction: number): number | null {
  if (ttl === null || ttl === Infinity) return null;
  return ttl - ttl * fraction * Math.random();
}
