import { ActionCache, DAY } from "@convex-dev/action-cache";
import { type Infer, v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import {
  action,
  type ActionCtx,
  internalAction,
  type MutationCtx,
  query,
  type QueryCtx,
} from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { settings } from "./settings.js";

export const placeValidator = v.object({
  id: v.number(),
  name: v.string(),
  countryCode: v.union(v.string(), v.null()),
  latitude: v.number(),
  longitude: v.number(),
  population: v.union(v.number(), v.null()),
});
const cachedPlaceValidator = v.object({
  place: v.union(placeValidator, v.null()),
  createdAt: v.number(),
  expiresAt: v.union(v.number(), v.null()),
});
export type Place = Infer<typeof placeValidator>;
type CachedPlace = Infer<typeof cachedPlaceValidator>;

// Not exported: a cache's type comes from `internal`, which is made of all that this folder exports,
// and TypeScript gives up on such a circle. Other files call the functions below instead, whose
// types are written out for the same reason.
const cache = new ActionCache(components.actionCache, {
  action: internal.geocoding.search,
  // Raise the version when the shape of a place changes: entries of the old shape are then ignored.
  name: "geocoding-v1",
  // Cities hardly move. The time to live bounds how long a correction at the service goes unseen.
  ttl: 30 * DAY,
  // A city is where it was, though the service be down.
  staleIfError: 30 * DAY,
  log: true,
});

/**
 * The arguments are the key of an entry. One spelling for all who mean the same place makes
 * " BERLIN" a hit for "Berlin", and lets whoever removes the entry find it.
 */
function cacheArgs(name: string): { name: string } {
  return { name: name.normalize().trim().toLowerCase() };
}

/** The place of that name, or `null` if the service knows none, which is worth caching too. */
export async function fetchPlace(
  ctx: ActionCtx,
  name: string,
  options?: { ttl?: number; force?: boolean },
): Promise<Place | null> {
  return await cache.fetch(ctx, cacheArgs(name), options);
}

/** The place of that name as it is cached, or `null` if it is unknown or not cached. Asks nobody. */
export async function peekPlace(ctx: QueryCtx, name: string): Promise<Place | null> {
  return (await cache.peek(ctx, cacheArgs(name)))?.value ?? null;
}

export async function removePlace(ctx: MutationCtx, name: string): Promise<boolean> {
  return await cache.remove(ctx, cacheArgs(name));
}

export async function removeAllPlaces(ctx: MutationCtx): Promise<void> {
  await cache.removeAllForName(ctx);
}

export const locate = action({
  args: { name: v.string() },
  returns: v.union(placeValidator, v.null()),
  handler: async (ctx, { name }): Promise<Place | null> => await fetchPlace(ctx, name),
});

/** What is cached now. As a query it is live: a client sees the entry come, change and go. */
export const cached = query({
  args: { name: v.string() },
  returns: v.union(cachedPlaceValidator, v.null()),
  handler: async (ctx, { name }): Promise<CachedPlace | null> => {
    const entry = await cache.peek(ctx, cacheArgs(name));
    if (entry === null) return null;
    return { place: entry.value, createdAt: entry.createdAt, expiresAt: entry.expiresAt };
  },
});

/** Open-Meteo's format. It leaves out `results` where there are none, and fields it does not know. */
interface GeocodingAnswer {
  results?: {
    id: number;
    name: string;
    latitude: number;
    longitude: number;
    country_code?: string;
    population?: number;
  }[];
}

/** The expensive action behind the cache. `returns` rejects malformed answers before they are stored. */
export const search = internalAction({
  args: { name: v.string() },
  returns: v.union(placeValidator, v.null()),
  handler: async (_ctx, { name }): Promise<Place | null> => await searchPlace(name),
});

/** Asks the service. */
export async function searchPlace(name: string): Promise<Place | null> {
  const url = new URL(`${settings.geocodingBaseUrl}/v1/search`);
  url.search = new URLSearchParams({
    name,
    count: "1",
    language: "en",
    format: "json",
  }).toString();
  const { results } = (await fetchJson(url)) as GeocodingAnswer;
  const best = results?.[0];
  if (!best) return null;
  return {
    id: best.id,
    name: best.name,
    countryCode: best.country_code ?? null,
    latitude: best.latitude,
    longitude: best.longitude,
    population: best.population ?? null,
  };
}
