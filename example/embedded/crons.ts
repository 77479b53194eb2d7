import { HOUR, MINUTE, SECOND } from "@convex-dev/action-cache";
import type { Crons } from "convex/server";

/** Runs crons, which convex-test does not know, until the function that it returns is called. */
export function startCrons(
  { crons }: Crons,
  run: (name: string, args: unknown) => Promise<unknown>,
): () => void {
  const timers = Object.values(crons).map(({ name, args, schedule }) =>
    setInterval(
      () => void run(name, (args as unknown[])[0]).catch(console.error),
      period(schedule),
    ).unref(),
  );
  return () => timers.forEach(clearInterval);
}

/** How often a cron runs, in ms. */
function period(schedule: Crons["crons"][string]["schedule"]): number {
  if (schedule.type !== "interval") throw new Error(`No cron runs ${schedule.type} here`);
  const {
    hours = 0,
    minutes = 0,
    seconds = 0,
  } = schedule as {
    hours?: number;
    minutes?: number;
    seconds?: number;
  };
  return hours * HOUR + minutes * MINUTE + seconds * SECOND;
}
