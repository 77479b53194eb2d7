import { type Filled, type FillSteps, runFill } from "./fill.js";
import { Heartbeat, lostHeartbeat } from "./heartbeat.js";
import { MIN_RETRY_MS } from "../leaseTimes.js";
import type { BeginResult } from "../fillProtocol.js";
import { messageOf } from "../wireErrors.js";

type Begun = Extract<BeginResult, { kind: "begun" }>;

/** What a scheduled fill does once it has begun. */
type Steps = Omit<FillSteps, "retryMs">;

/** What a scheduled fill consists of: in the app's code or in the component, it is the same. */
export type ScheduledFill = {
  token: string;
  /** The cache whose code runs it. */
  name: string;
  begin: (request: { token: string; name: string }) => Promise<BeginResult>;
  heartbeat: (tokens: string[]) => Promise<string[]>;
  prepare: (begun: Begun) => Steps | Promise<Steps>;
  /** Says what keeps the cache from being refreshed. */
  warn: (kind: string, message: string) => void;
};

/** Runs a fill that was scheduled; does nothing, and resolves to null, if it was voided or replaced. */
export async function scheduledFill(fill: ScheduledFill): Promise<Filled | null> {
  const { token, name, warn } = fill;
  const begun = await fill.begin({ token, name });
  if (begun.kind === "foreign") {
    warn(
      "foreign fill",
      `its refresher was given a fill of the cache \`${begun.name}\`, and gave it up. ` +
        "Export a refresher of its own for each cache, and name it in that cache's `refresher`.",
    );
  }
  if (begun.kind !== "begun") return null;
  const heartbeat = new Heartbeat(fill.heartbeat, (error) => warn(...lostHeartbeat(error)));
  try {
    const filled = await heartbeat.during(token, async () => {
      const steps = await fill.prepare(begun);
      return await runFill({ ...steps, retryMs: Math.max(steps.errorTtl, MIN_RETRY_MS) });
    });
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
}

const UNTIL_THEN = "What is stored is served until a refresh succeeds, or its windows end.";
