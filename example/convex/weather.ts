import { ActionCache, type FetchedEntry, HOUR, SECOND } from "@convex-dev/action-cache";
import { type Infer, v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import {
  action,
  type ActionCtx,
  internalAction,
  internalMutation,
  query,
} from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { fetchPlace, peekPlace, type Place, placeValidator } from "./geocoding.js";
import {
  type Coordinates,
  coordinatesValidator,
  forgetOldPlaces,
  recentPlaces,
} from "./recentPlaces.js";
import { settings } from "./settings.js";

const forecastValidator = v.object({
  measuredAt: v.string(),
  temperature: v.number(),
  windSpeed: v.number(),
  days: v.array(v.object({ date: v.string(), low: v.number(), high: v.number() })),
});
const weatherValidator = v.object({
  place: placeValidator,
  forecast: forecastValidator,
  /** Whether it is past its time to live, to be shown as such. A newer one is on its way then. */
  stale: v.boolean(),
});
const cachedForecastValidator = v.object({
  forecast: forecastValidator,
  createdAt: v.number(),
  expiresAt: v.union(v.number(), v.null()),
  staleUntil: v.union(v.number(), v.null()),
  fillingUntil: v.union(v.number(), v.null()),
});
type Forecast = Infer<typeof forecastValidator>;
type Weather = Infer<typeof weatherValidator>;
type CachedForecast = Infer<typeof cachedForecastValidator>;
type PlaceForecast = { place: Place; entry: FetchedEntry<Forecast> };

/** For how long past its time to live a forecast is still better than a wait. */
export const STALE_WHILE_REVALIDATE = 3 * HOUR;

const cache = new ActionCache(components.actionCache, {
  action: internal.weather.fetchForecast,
  name: "forecasts-v1",
  ttl: HOUR,
  // After that it is served at once, and refreshed behind.
  staleWhileRevalidate: STALE_WHILE_REVALIDATE,
  // And while the service is down, that of this morning is better than none.
  staleIfError: 12 * HOUR,
  // A service that is down is asked again for a place no sooner than this.
  errorTtl: 5 * SECOND,
  log: true,
});

/** The weather now and in the days to come, or `null` for a place that nobody knows. */
export const forPlace = action({
  args: { name: v.string() },
  returns: v.union(weatherValidator, v.null()),
  handler: async (ctx, { name }): Promise<Weather | null> => {
    const forecast = await fetchForecastFor(ctx, name);
    return forecast && weatherOf(forecast);
  },
});

/** What `forPlace` answers, with the times that http.ts puts into headers. */
export async function fetchForecastFor(
  ctx: ActionCtx,
  name: string,
): Promise<PlaceForecast | null> {
  const forecast = await lookUp(ctx, name);
  if (forecast !== null) await record(ctx, [forecast]);
  return forecast;
}

/**
 * The weather of a list of places, `null` for those of which there is none to be had: what went wrong
 * is in the log of the action that failed, and is no reason to withhold the rest.
 */
export const forPlaces = action({
  args: { names: v.array(v.string()) },
  returns: v.array(v.union(weatherValidator, v.null())),
  handler: async (ctx, { names }): Promise<(Weather | null)[]> => {
    // Started together, so that the cache looks all of them up in one query.
    const outcomes = await Promise.allSettled(names.map((name) => lookUp(ctx, name)));
    const list = outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : null));
    await record(
      ctx,
      list.filter((forecast) => forecast !== null),
    );
    return list.map((forecast) => forecast && weatherOf(forecast));
  },
});

/**
 * The forecast as it is cached, for a client to compare with its own clock:
 *
 *     const entry = useQuery(api.weather.cached, { name });
 *     const grey = entry && freshness(entry, Date.now()) !== "fresh";
 *
 * The query itself must not say whether it is fresh. One that reads the clock is cached for seconds
 * only, and yet is not run again when the moment comes. This one runs again when something happens:
 * when a refresh begins (`fillingUntil` is set), and when its value is stored.
 */
export const cached = query({
  args: { name: v.string() },
  returns: v.union(cachedForecastValidator, v.null()),
  handler: async (ctx, { name }): Promise<CachedForecast | null> => {
    const place = await peekPlace(ctx, name);
    const entry = place && (await cache.peek(ctx, cacheArgs(place)));
    if (entry === null) return null;
    const { value, createdAt, expiresAt, staleUntil, fillingUntil } = entry;
    return { forecast: value, createdAt, expiresAt, staleUntil, fillingUntil };
  },
});

/**
 * Refreshes the forecasts that were asked for lately, so that none of their readers is served a stale
 * one. A mutation can't run an action, so here `fetch` schedules it: `force` says that it is to run
 * though the entry is fresh. One that fails leaves the old forecast as it is.
 */
export const warm = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    // Together, so that all of them are one nested call; there are at most as many as are remembered.
    const places = await recentPlaces(ctx);
    await Promise.all(places.map((place) => cache.fetch(ctx, place, { force: true })));
    await forgetOldPlaces(ctx);
    return null;
  },
});

/** One cache feeds the other, each with the time to live of what it holds. */
async function lookUp(ctx: ActionCtx, name: string): Promise<PlaceForecast | null> {
  const place = await fetchPlace(ctx, name);
  return place && { place, entry: await fetchForecastOf(ctx, place) };
}

export function weatherOf({ place, entry }: PlaceForecast): Weather {
  return { place, forecast: entry.value, stale: entry.status === "stale" };
}

/** The forecast for a place, and where it came from. */
export async function fetchForecastOf(
  ctx: ActionCtx,
  place: Coordinates,
  options?: { ttl?: number; force?: boolean },
): Promise<FetchedEntry<Forecast>> {
  return await cache.fetchEntry(ctx, cacheArgs(place), options);
}

async function record(ctx: ActionCtx, forecasts: PlaceForecast[]): Promise<void> {
  if (forecasts.length === 0) return;
  const places = forecasts.map(({ place }) => cacheArgs(place));
  await ctx.runMutation(internal.recentPlaces.record, { places });
}

/**
 * Keyed by where a place is, not by what it is called, and to a hundredth of a degree (about a
 * kilometre), which no forecast resolves: all names and neighbours of a place share one entry.
 */
function cacheArgs({ latitude, longitude }: Coordinates): Coordinates {
  return { latitude: Number(latitude.toFixed(2)), longitude: Number(longitude.toFixed(2)) };
}

interface ForecastAnswer {
  current: { time: string; temperature_2m: number; wind_speed_10m: number };
  daily: { time: string[]; temperature_2m_min: number[]; temperature_2m_max: number[] };
}

export const fetchForecast = internalAction({
  args: coordinatesValidator,
  returns: forecastValidator,
  handler: async (_ctx, { latitude, longitude }): Promise<Forecast> => {
    const url = new URL(`${settings.forecastBaseUrl}/v1/forecast`);
    url.search = new URLSearchParams({
      latitude: String(latitude),
      longitude: String(longitude),
      current: "temperature_2m,wind_speed_10m",
      daily: "temperature_2m_min,temperature_2m_max",
      timezone: "auto",
    }).toString();
    const { current, daily } = (await fetchJson(url)) as ForecastAnswer;
    return {
      measuredAt: current.time,
      temperature: current.temperature_2m,
      windSpeed: current.wind_speed_10m,
      days: daily.time.map((date, day) => ({
        date,
        low: daily.temperature_2m_min[day]!,
        high: daily.temperature_2m_max[day]!,
      })),
    };
  },
});
