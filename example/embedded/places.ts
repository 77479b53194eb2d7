import { api } from "../convex/_generated/api.js";
import type { Place } from "../convex/geocoding.js";
import type { City } from "./cities.js";
import { type Check, integer, plural } from "./report.js";
import { counted, demo, type Setting } from "./setting.js";
import type { Pass } from "./traffic.js";

const CALLERS = 50;

/** Many callers of one missing entry make one request, and with 0.3.1 as many as they are. */
export async function checkCallersAtOnce(city: City, setting: Setting): Promise<Check> {
  const atOnce = async (locate: () => Promise<Place | null>) => {
    const callers = Array.from({ length: CALLERS }, locate);
    const { result, requests } = await counted(setting, () => Promise.all(callers));
    return { requests, isRight: result.every((place) => place?.id === city.cityId) };
  };
  const { name } = city;
  const ours = await atOnce(() => setting.app.action(api.geocoding.locate, { name }));
  const legacy = await atOnce(() => setting.app.action(demo.locateWithLegacy, { name }));
  return {
    title: "One request",
    passed: ours.isRight && ours.requests === 1,
    detail:
      `${plural(CALLERS, "caller")} of one missing entry, at once, made ` +
      `${plural(ours.requests, "request")}; with version 0.3.1, ${integer(legacy.requests)}`,
  };
}

export function checkPasses([without, first, again]: Pass[], distinctPlaces: number): Check {
  const { lookups } = first!;
  return {
    title: "Lookups",
    passed:
      [without!, first!, again!].every(({ wrongAnswers }) => wrongAnswers === 0) &&
      without!.requests === lookups &&
      first!.requests === distinctPlaces &&
      first!.hits === lookups - distinctPlaces &&
      again!.requests === 0 &&
      again!.hits === lookups,
    detail:
      `each of ${plural(distinctPlaces, "place")} was requested ` +
      `${first!.requests === distinctPlaces ? "once" : `${first!.requests} times in all`}, ` +
      `and again not at all; ${plural(first!.wrongAnswers + again!.wrongAnswers, "wrong answer")}`,
  };
}

/** Removing one entry, and clearing them all: the next lookups make requests. */
export async function checkRemoval(cities: City[], setting: Setting): Promise<Check> {
  const { app } = setting;
  const lookUpAll = () =>
    counted(setting, async () => {
      for (const { name } of cities) await app.action(api.geocoding.locate, { name });
    });
  await app.mutation(demo.clearPlace, { name: cities[0]!.name });
  const removed = (await lookUpAll()).requests;
  const cached = (await lookUpAll()).requests;
  await app.mutation(demo.clearEverything, {});
  const cleared = (await lookUpAll()).requests;
  return {
    title: "Removal",
    passed: removed === 1 && cached === 0 && cleared === cities.length,
    detail:
      `looking up ${plural(cities.length, "place")} made ${plural(removed, "request")} after one ` +
      `was removed, ${cached === 0 ? "none" : cached} the next time, and ${integer(cleared)} after ` +
      `everything was cleared`,
  };
}
