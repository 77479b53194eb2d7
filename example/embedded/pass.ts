import { api } from "../convex/_generated/api.js";
import type { Backend } from "./backend.js";
import type { City } from "./cities.js";
import type { CapturedLog } from "./log.js";
import type { Usage } from "./meter.js";
import { withProgress } from "./progress.js";
import type { ServiceStandIn } from "./server.js";

/** All that a part of the program works with. */
export interface Setting {
  backend: Backend;
  server: ServiceStandIn;
  log: CapturedLog;
}

export interface Pass {
  title: string;
  lookups: number;
  /** The lookups that found another place than the one meant. */
  wrongAnswers: number;
  requests: number;
  hits: number;
  misses: number;
  /** Of each lookup, in ms, ascending. */
  times: number[];
  usage: Usage;
}

/** Looks up each city in turn. One at a time, so that no lookup's time has another's in it. */
export async function runPass(title: string, traffic: City[], setting: Setting): Promise<Pass> {
  const { backend, server, log } = setting;
  const requestsBefore = server.requests();
  log.takeEvents();
  backend.meter.take();
  const times: number[] = [];
  let wrongAnswers = 0;
  await withProgress(title, traffic, async (city) => {
    const startedAt = performance.now();
    const place = await backend.app.action(api.geocoding.locate, { name: city.name });
    times.push(performance.now() - startedAt);
    if (place?.id !== city.cityId) wrongAnswers += 1;
  });
  const events = log.takeEvents();
  return {
    title,
    lookups: traffic.length,
    wrongAnswers,
    requests: server.requests() - requestsBefore,
    hits: events.filter((event) => event.get === "hit").length,
    misses: events.filter((event) => event.get === "miss").length,
    times: times.sort((a, b) => a - b),
    usage: backend.meter.take(),
  };
}
