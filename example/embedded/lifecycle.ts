import { setTimeout } from "node:timers/promises";
import { SECOND } from "@convex-dev/action-cache";
import { api, internal } from "../convex/_generated/api.js";
import { fetchPlace, type Place } from "../convex/geocoding.js";
import type { Check } from "./checks.js";
import type { City } from "./cities.js";
import type { Setting } from "./pass.js";
import { integer, plural } from "./report.js";

// Where old and new answers have to be told apart, the city grows at the source in between.

export async function checkExpiry(city: City, setting: Setting): Promise<Check> {
  const ttl = SECOND;
  await fetchWith({ ttl, force: true }, city, setting);
  const old = city.population;
  setting.server.recount(city);
  const before = await observed(setting, () => locate(city, setting));
  // A little more than the ttl, because a timer may fire early by a fraction of a millisecond.
  const wait = ttl + 20;
  await setTimeout(wait);
  const after = await observed(setting, () => locate(city, setting));
  return {
    title: "Expiry",
    passed:
      before.requests === 0 &&
      before.place?.population === old &&
      after.requests === 1 &&
      after.place?.population === city.population,
    detail:
      `stored for ${integer(ttl)} ms, ${city.name} was served with ` +
      `${plural(before.requests, "request")} and a population of ${population(before.place)}; ` +
      `${integer(wait)} ms later with ${plural(after.requests, "request")} ` +
      `and ${population(after.place)}`,
  };
}

export async function checkForcedRefresh(city: City, setting: Setting): Promise<Check> {
  const old = city.population;
  setting.server.recount(city);
  const cached = await observed(setting, () => locate(city, setting));
  const forced = await observed(setting, () => fetchWith({ force: true }, city, setting));
  const after = await observed(setting, () => locate(city, setting));
  return {
    title: "Forced refresh",
    passed:
      cached.requests === 0 &&
      cached.place?.population === old &&
      forced.requests === 1 &&
      forced.place?.population === city.population &&
      after.requests === 0 &&
      after.place?.population === city.population,
    detail:
      `${city.name} was cached with a population of ${population(cached.place)}; ` +
      `${plural(forced.requests, "request")} made that ${population(forced.place)}, ` +
      `served to the next lookup with ${plural(after.requests, "request")}`,
  };
}

export async function checkRemoval(city: City, setting: Setting): Promise<Check> {
  const { app } = setting.backend;
  const { name } = city;
  const removed = await app.mutation(internal.clearing.place, { name });
  const left = await app.query(api.geocoding.cached, { name });
  const removedAgain = await app.mutation(internal.clearing.place, { name });
  const after = await observed(setting, () => locate(city, setting));
  return {
    title: "Removal",
    passed:
      removed && left === null && !removedAgain && after.requests === 1 && after.place !== null,
    detail:
      `removing ${name} found ${removed ? "it" : "nothing"}, removing it again ` +
      `${removedAgain ? "found it again" : "found nothing"}, ` +
      `and the next lookup made ${plural(after.requests, "request")}`,
  };
}

export async function checkClearing(cities: City[], setting: Setting): Promise<Check> {
  const requestsForAll = async () => {
    const before = setting.server.requests();
    for (const city of cities) await locate(city, setting);
    return setting.server.requests() - before;
  };
  await requestsForAll();
  const cached = await requestsForAll();
  await setting.backend.app.mutation(internal.clearing.everything, {});
  const cleared = await requestsForAll();
  return {
    title: "Clearing",
    passed: cached === 0 && cleared === cities.length,
    detail:
      `looking up ${plural(cities.length, "place")} made ${plural(cached, "request")} ` +
      `before everything was cleared, and ${integer(cleared)} after`,
  };
}

function locate(city: City, { backend }: Setting): Promise<Place | null> {
  return backend.app.action(api.geocoding.locate, { name: city.name });
}

function fetchWith(
  options: { ttl?: number; force?: boolean },
  city: City,
  { backend }: Setting,
): Promise<Place | null> {
  return backend.app.action((ctx) => fetchPlace(ctx, city.name, options));
}

function population(place: Place | null): string {
  return place?.population ? integer(place.population) : "unknown";
}

/** The place found, and how many requests it cost. */
async function observed(
  { server }: Setting,
  find: () => Promise<Place | null>,
): Promise<{ place: Place | null; requests: number }> {
  const before = server.requests();
  const place = await find();
  return { place, requests: server.requests() - before };
}
