/** What goes on in the background: functions that are scheduled, and what they report. */
import { vi } from "vitest";
import { SECOND } from "../shared/time.js";
import { QUIET_MS } from "../component/model/gc/due.js";
import { component, type createApp } from "./app.js";

type App = Pick<ReturnType<typeof createApp>, "t" | "inComponent">;

/**
 * Runs the hourly housekeeping to its end, when all that was invalidated or has
 * ended so far has been left alone long enough. Needs fake timers.
 */
export async function keepHouse(app: App): Promise<string[]> {
  vi.setSystemTime(Date.now() + QUIET_MS + SECOND);
  await app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
  return await finishBackground(app);
}

/**
 * Runs what is scheduled, and what that schedules, until nothing is left.
 * Needs fake timers. Returns the names of all functions that the component has
 * scheduled, and throws if one of them failed, or if they come to no end.
 */
export async function finishBackground({ t, inComponent }: App, maxJobs = 1000): Promise<string[]> {
  await t.finishAllScheduledFunctions(() => vi.runOnlyPendingTimers(), maxJobs);
  const jobs = await inComponent((ctx) => ctx.db.system.query("_scheduled_functions").collect());
  const failed = jobs.filter(({ state }) => state.kind !== "success");
  if (failed.length > 0) throw new Error(`did not finish: ${JSON.stringify(failed)}`);
  return jobs.map(({ name }) => name);
}
