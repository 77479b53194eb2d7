import { ActionCache, HOUR } from "@convex-dev/action-cache";
import { type Infer, v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { action, type ActionCtx, internalAction } from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { fetchPlace, type Place, placeValidator } from "./geocoding.js";
import { settings } from "./settings.js";

const forecastValidator = v.object({
  measuredAt: v.string(),
  temperature: v.number(),
  windSpeed: v.number(),
  days: v.array(v.object({ date: v.string(), low: v.number(), high: v.number() })),
});
const weatherValidator = v.object({ place: placeValidator, forecast: forecastValidator });
type Forecast = Infer<typeof forecastValidator>;
type Weather = Infer<typeof weatherValidator>;

const cache = new ActionCache(components.actionCache, {
  action: internal.weather.fetchForecast,
  name: "forecasts-v1",
  // Twice the interval of the cron that warms it, so that one failed run leaves no gap.
  ttl: 2 * HOUR,
  log: true,
});

/** The weather now and in the days to come, or `null` for a place that nobody knows. */
export const forPlace = action({
  args: { name: v.string() },
  returns: v.union(weatherValidator, v.null()),
  handler: async (ctx, { name }): Promise<Weather | null> => await weatherFor(ctx, name),
});

/**
 * Fetches anew while readers still get what is cached, so that none of them ever waits for it.
 * Every place is tried; then the run fails if one did, to be seen among the deployment's errors.
 */
export const warm = internalAction({
  args: { names: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { names }): Promise<null> => {
    const outcomes = await Promise.allSettled(
      names.map((name) => weatherFor(ctx, name, { force: true })),
    );
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [`${names[index]}: ${String(outcome.reason)}`] : [],
    );
    if (failures.length > 0) {
      throw new Error(
        `${failures.length} of ${names.length} places failed.\n${failures.join("\n")}`,
      );
    }
    return null;
  },
});

/** One cache feeds the other, each with the time to live of what it holds. */
async function weatherFor(
  ctx: ActionCtx,
  name: string,
  options?: { force: boolean },
): Promise<Weather | null> {
  const place = await fetchPlace(ctx, name);
  if (place === null) return null;
  const forecast = await cache.fetch(ctx, cacheArgs(place), options);
  return { place, forecast };
}

/**
 * Keyed by where a place is, not by what it is called, and to a hundredth of a degree (about a
 * kilometre), which no forecast resolves: all names and neighbours of a place share one entry.
 */
function cacheArgs({ latitude, longitude }: Place) {
  return { latitude: Number(latitude.toFixed(2)), longitude: Number(longitude.toFixed(2)) };
}

interface ForecastAnswer {
  current: { time: string; temperature_2m: number; wind_speed_10m: number };
  daily: { time: string[]; temperature_2m_min: number[]; temperature_2m_max: number[] };
}

export const fetchForecast = internalAction({
  args: { latitude: v.number(), longitude: v.number() },
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
