import { setTimeout } from "node:timers/promises";
import { SECOND } from "@convex-dev/action-cache";
import { api } from "../convex/_generated/api.js";
import type { City } from "./cities.js";
import { type Check, plural } from "./report.js";
import { counted, demo, type Setting } from "./setting.js";

/** Of the readers here, in place of an hour: as long as it takes for a forecast to be stale. */
const TTL = SECOND / 4;
/** A little more, because a timer may fire early by a fraction of a millisecond. */
const WAIT = TTL + 20;
const READERS = 50;

export async function checkStale(city: City, setting: Setting): Promise<Check> {
  const { services } = setting;
  const { temperature } = await read(city, setting, { force: true });
  await becomeStale(setting);
  const before = services.requests();
  const release = services.hold();
  const values = await Promise.all(Array.from({ length: READERS }, () => read(city, setting)));
  // Only now is the answer given that readers who were not served stale would have waited for.
  await until(() => services.requests() > before);
  release();
  // What a client would see come by itself: a new temperature, with no refresh under way.
  const isRefreshed = await until(async () => {
    const entry = await cached(city, setting);
    return entry?.forecast.temperature === temperature + 1 && entry.fillingUntil === null;
  });
  const stale = staleOnes(values, temperature);
  const requests = services.requests() - before;
  return {
    title: "Stale while it refreshes",
    passed: stale === READERS && requests === 1 && isRefreshed,
    detail:
      `${plural(READERS, "reader")} at once got ${plural(stale, "stale forecast")}, while the ` +
      `service held back its answer to ${plural(requests, "request")}; then a query saw ` +
      `${temperature} °C become ${(await cached(city, setting))?.forecast.temperature} °C`,
  };
}

export async function checkOutage(city: City, setting: Setting): Promise<Check> {
  const { services, log } = setting;
  const recover = services.fail();
  const old = (await cached(city, setting))?.forecast.temperature;
  await becomeStale(setting);
  const { result: values, requests } = await counted(setting, async () => {
    const readings = [await read(city, setting)];
    await until(async () => (await cached(city, setting))?.fillingUntil === null);
    while (readings.length < READERS) readings.push(await read(city, setting));
    return readings;
  });
  recover();
  const stale = staleOnes(values, old);
  const isWarnedOf = log.take("a refresh failed");
  return {
    title: "Outage",
    passed: stale === READERS && requests === 1 && isWarnedOf,
    detail:
      `while the service answered 503, ${plural(READERS, "reader")} in turn got ` +
      `${plural(stale, "stale forecast")} and made ${plural(requests, "request")}; ` +
      `the log ${isWarnedOf ? "warns" : "says nothing"} of it`,
  };
}

type Reading = { temperature: number; status: string };

/** Reads the forecast as a reader does for whom it is stale after `TTL`. */
function read(city: City, { app }: Setting, options?: { force: boolean }): Promise<Reading> {
  const [longitude, latitude] = city.loc.coordinates;
  return app.action(demo.readTemperature, { latitude, longitude, ttl: TTL, ...options });
}

const staleOnes = (readings: Reading[], old: number | undefined) =>
  readings.filter(({ status, temperature }) => status === "stale" && temperature === old).length;

/** Lets the weather change, and the forecast that is cached become stale. */
async function becomeStale({ services }: Setting): Promise<void> {
  services.warmUp();
  await setTimeout(WAIT);
}

const cached = (city: City, { app }: Setting) => app.query(api.weather.cached, { name: city.name });

/** Resolves to whether a condition came true in time. */
async function until(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 10 * SECOND; Date.now() < end; await setTimeout(10)) {
    if (await condition()) return true;
  }
  return false;
}
