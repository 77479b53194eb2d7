/** How long operations take, of one version compared with the other: a hint, never a proof. */
import { App, type Subject } from "./app.js";
import { valueOf } from "./cost.js";

const RUNS = 41;
const VALUE_BYTES = 14 * 1024;

const OPERATIONS = {
  hit: (app) => app.fetch("stored"),
  miss: (app, run) => app.fetch(`place ${run}`),
  "forced refresh": (app) => app.fetch("stored", { force: true }),
} as const satisfies Record<string, (app: App, run: number) => Promise<unknown>>;

export type TimedOperation = keyof typeof OPERATIONS;
export const timedOperations = Object.keys(OPERATIONS) as TimedOperation[];

/** The median time of each operation, of one subject divided by that of the other, by turns. */
export async function measureSpeed(
  one: Subject,
  other: Subject,
): Promise<Record<TimedOperation, number>> {
  const ratios: Partial<Record<TimedOperation, number>> = {};
  for (const operation of timedOperations) {
    const apps = [new App(one), new App(other)] as const;
    for (const app of apps) {
      app.answer = () => valueOf(VALUE_BYTES);
      await app.fetch("stored");
    }
    const times: [number[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      for (const turn of [0, 1] as const) {
        const began = performance.now();
        await OPERATIONS[operation](apps[turn], run);
        times[turn].push(performance.now() - began);
      }
    }
    ratios[operation] = median(times[0]) / median(times[1]);
  }
  return ratios as Record<TimedOperation, number>;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
