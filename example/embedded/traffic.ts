import type { Counts } from "../../src/testing/syscalls.js";
import type { Place } from "../convex/geocoding.js";
import type { City } from "./cities.js";
import type { Setting } from "./setting.js";

/** What became of a number of lookups. */
export interface Pass {
  title: string;
  lookups: number;
  /** The lookups that resolved to another place than the one meant. */
  wrongAnswers: number;
  requests: number;
  hits: number;
  /** Of each lookup, in ms. */
  times: number[];
  counts: Counts;
}

/** Looks up each city in turn. One at a time, so that no lookup's time has another's in it. */
export async function runPass(
  title: string,
  traffic: City[],
  { services, log, observer }: Setting,
  locate: (name: string) => Promise<Place | null>,
): Promise<Pass> {
  const before = services.requests();
  log.takeHits();
  observer.reset();
  const times: number[] = [];
  let wrongAnswers = 0;
  for (const city of traffic) {
    const began = performance.now();
    const place = await locate(city.name);
    times.push(performance.now() - began);
    if (place?.id !== city.cityId) wrongAnswers += 1;
  }
  const requests = services.requests() - before;
  const { counts } = observer;
  const hits = log.takeHits();
  return { title, lookups: traffic.length, wrongAnswers, requests, hits, times, counts };
}

/**
 * Some of the items, the first being the most popular: the one at rank r about 1/r as often, as Zipf
 * observed of words, and others since of the pages and places people ask for. The same in every run.
 */
export function zipfTraffic<Item>(items: Item[], count: number): Item[] {
  const GOLDEN = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, index) => {
    const evenlySpread = (index * GOLDEN) % 1;
    return items[Math.floor((items.length + 1) ** evenlySpread) - 1]!;
  });
}
