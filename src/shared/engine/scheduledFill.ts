import type { BeginResult } from "../fillProtocol.js";
import { MIN_RETRY_MS } from "../leaseTimes.js";
import { messageOf } from "../wireErrors.js";
import { type Filled, type FillSteps, runFill } from "./fill.js";
import type { FillCalls } from "./fillCalls.js";

type Begun = Extract<BeginResult, { kind: "begun" }>;

/** What a scheduled fill does once it has begun. */
type Steps = Omit<FillSteps, "retryMs">;

/** What scheduled fills of one cache consist of: in the app's code or in the component, it is the same. */
export type ScheduledFills<Fill extends { token: string }> = {
  fills: Fill[];
  /** The cache whose code runs them. */
  name: string;
  calls: FillCalls;
  prepare: (begun: Begun, fill: Fill) => Steps | Promise<Steps>;
  /** Says what keeps the cache from being refreshed. */
  warn: (kind: string, message: string) => void;
};

/**
 * Runs fills that were scheduled together, and resolves to what came of each: null,
 * if it was voided or replaced, or its action threw.
 */
export async function scheduledFills<Fill extends { token: string }>(
  scheduled: ScheduledFills<Fill>,
): Promise<(Filled | null)[]> {
  const { fills, calls, warn } = scheduled;
  // All of them begin before the first runs, so that one run can have them all.
  const begun = await Promise.allSettled(fills.map((fill) => begin(scheduled, fill)));
  const run = async ({ token }: Fill, steps: Steps): Promise<Filled> => {
    const retryMs = Math.max(steps.errorTtl, MIN_RETRY_MS);
    return await calls.during(token, () => runFill({ ...steps, retryMs }));
  };
  return await Promise.all(
    begun.map(async (outcome, index) => {
      try {
        if (outcome.status === "rejected") throw outcome.reason;
        if (outcome.value === null) return null;
        const filled = await run(fills[index]!, outcome.value);
        const { put, reason } = filled;
        if (put === "skipped" || put === "failed") {
          warn(`refresh: ${put}`, `a refresh stored nothing: ${reason}. ${UNTIL_THEN}`);
        }
        return filled;
      } catch (error) {
        // What the action threw is recorded for those who wait.
        warn("refresh: error", `a refresh failed: ${messageOf(error)}. ${UNTIL_THEN}`);
        return null;
      }
    }),
  );
}

/** Begins a fill; null if it was voided or replaced. */
async function begin<Fill extends { token: string }>(
  { name, calls, prepare, warn }: ScheduledFills<Fill>,
  fill: Fill,
): Promise<Steps | null> {
  const begun = await calls.begin({ token: fill.token, name });
  if (begun.kind === "foreign") {
    warn(
      "foreign fill",
      `its refresher was given a fill of the cache \`${begun.name}\`, and gave it up. ` +
        "Export a refresher of its own for each cache, and name it in that cache's `refresher`.",
    );
  }
  return begun.kind === "begun" ? await prepare(begun, fill) : null;
}

const UNTIL_THEN = "What is stored is served until a refresh succeeds, or its windows end.";
