import { setTimeout } from "node:timers/promises";
import { freshness, SECOND } from "@convex-dev/action-cache";
import { api } from "../convex/_generated/api.js";
import { fetchPlace } from "../convex/geocoding.js";
import { fetchForecastOf } from "../convex/weather.js";
import type { Check } from "./checks.js";
import type { City } from "./cities.js";
import type { Setting } from "./pass.js";
import { integer, plural } from "./report.js";

// Each check leaves a forecast behind that the next finds, a degree colder than the weather then is.

/** Of the readers here, in place of an hour: as long as it takes for a forecast to be stale. */
const TTL = SECOND / 4;
/** A little more, because a timer may fire early by a fraction of a millisecond. */
const WAIT = TTL + 20;
/** For how long the app remembers that the service failed. */
const ERROR_TTL = 5 * SECOND;
const READERS = 50;

export async function checkStaleService(city: City, setting: Setting): Promise<Check> {
  const { server } = setting;
  const old = await read(city, setting, { force: true });
  await becomeStale(setting);
  const before = server.requests();
  const release = server.hold();
  const startedAt = performance.now();
  const stale = await read(city, setting);
  const took = performance.now() - startedAt;
  // Only now is the answer given that a reader who was not served stale would have waited for.
  const asked = await until(() => server.requests() === before + 1);
  release();
  const refreshed = await becomes(old.temperature + 1, city, setting);
  return {
    title: "Stale service",
    passed: stale.status === "stale" && stale.temperature === old.temperature && asked && refreshed,
    detail:
      `${city.name}'s forecast of ${degrees(old.temperature)} was past its ttl, and served within ` +
      `${took.toFixed(1)} ms, while the server held back its answer to ` +
      `${plural(server.requests() - before, "request")}; then a query saw ` +
      `${await temperatureSeen(city, setting)} come`,
  };
}

export async function checkOneRefresh(city: City, setting: Setting): Promise<Check> {
  const { server } = setting;
  await becomeStale(setting);
  const before = server.requests();
  const release = server.hold();
  const values = await Promise.all(Array.from({ length: READERS }, () => read(city, setting)));
  const [first] = values;
  release();
  const refreshed = await becomes(first!.temperature + 1, city, setting);
  const stale = values.filter(
    ({ status, temperature }) => status === "stale" && temperature === first!.temperature,
  );
  const requests = server.requests() - before;
  return {
    title: "One refresh",
    passed: stale.length === READERS && requests === 1 && refreshed,
    detail:
      `${plural(READERS, "reader")} at once got ${plural(stale.length, "stale value")}, ` +
      `and the server ${plural(requests, "request")}`,
  };
}

export async function checkOutage(city: City, setting: Setting): Promise<Check> {
  const { server } = setting;
  const recover = server.fail();
  try {
    const old = await temperatureOf(city, setting);
    await becomeStale(setting);
    const before = server.requests();
    const values = [await read(city, setting)];
    await until(async () => (await cached(city, setting))?.fillingUntil === null);
    while (values.length < READERS) values.push(await read(city, setting));
    const stale = values.filter(
      ({ status, temperature }) => status === "stale" && temperature === old,
    );
    const requests = server.requests() - before;
    const place = await setting.backend.app.action((ctx) => fetchPlace(ctx, city.name, { ttl: 0 }));
    const requestsForPlace = server.requests() - before - requests;
    return {
      title: "Outage",
      passed:
        stale.length === READERS &&
        requests === 1 &&
        place?.population === city.population &&
        requestsForPlace === 1,
      detail:
        `while the server answered 503, ${plural(READERS, "reader")} in turn got ` +
        `${plural(stale.length, "stale forecast")} with ${plural(requests, "request")}, ` +
        `and one for whom the place was too old got ${place === null ? "none" : "the old one"} ` +
        `after ${plural(requestsForPlace, "request")}`,
    };
  } finally {
    recover();
  }
}

export async function checkRecovery(city: City, setting: Setting): Promise<Check> {
  const { server } = setting;
  const before = server.requests();
  const early = await read(city, setting);
  const requestsEarly = server.requests() - before;
  await setTimeout(ERROR_TTL);
  const late = await read(city, setting);
  const refreshed = await becomes(late.temperature + 1, city, setting);
  const requests = server.requests() - before;
  return {
    title: "Recovery",
    passed:
      early.status === "stale" &&
      requestsEarly === 0 &&
      late.status === "stale" &&
      requests === 1 &&
      refreshed,
    detail:
      `with the failure remembered, a reader made ${plural(requestsEarly, "request")}; ` +
      `${integer(ERROR_TTL)} ms later another got the old ${degrees(late.temperature)}, made ` +
      `${plural(requests, "request")}, and a query saw ${await temperatureSeen(city, setting)} come`,
  };
}

/** Reads the forecast as a reader does for whom it is stale after `TTL`. */
async function read(
  city: City,
  { backend }: Setting,
  options?: { force: boolean },
): Promise<{ temperature: number; status: string }> {
  const { forecast, status } = await backend.app.action((ctx) => {
    const [longitude, latitude] = city.loc.coordinates;
    return fetchForecastOf(ctx, { latitude, longitude }, { ttl: TTL, ...options });
  });
  return { temperature: forecast.temperature, status };
}

/** Lets the weather change, and the forecast that is cached become stale. */
async function becomeStale({ server }: Setting): Promise<void> {
  server.warmUp();
  await setTimeout(WAIT);
}

function cached(city: City, { backend }: Setting) {
  return backend.app.query(api.weather.cached, { name: city.name });
}

async function temperatureOf(city: City, setting: Setting): Promise<number | undefined> {
  return (await cached(city, setting))?.forecast.temperature;
}

async function temperatureSeen(city: City, setting: Setting): Promise<string> {
  return degrees(await temperatureOf(city, setting));
}

/** Waits for what a client would see come by itself: a new temperature, with no refresh under way. */
function becomes(temperature: number, city: City, setting: Setting): Promise<boolean> {
  return until(async () => {
    const entry = await cached(city, setting);
    if (entry === null || freshness(entry, Date.now()) === "expired") return false;
    return entry.forecast.temperature === temperature && entry.fillingUntil === null;
  });
}

/** Resolves to whether a condition came true in time. */
async function until(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + 10 * SECOND; Date.now() < end; await setTimeout(10)) {
    if (await condition()) return true;
  }
  return false;
}

function degrees(temperature: number | undefined): string {
  return temperature === undefined ? "nothing" : `${temperature} °C`;
}
