/** What `npm start` calls besides the functions of example/convex: an app has no such public functions. */
import { ActionCache as LegacyCache } from "action-cache-0.3.1";
import type { ComponentApi as LegacyApi } from "action-cache-0.3.1/_generated/component.js";
import { componentsGeneric } from "convex/server";
import { ConvexError, v } from "convex/values";
import { api, internal } from "../convex/_generated/api.js";
import { action, mutation } from "../convex/_generated/server.js";
import { type Place, placeValidator, searchPlace } from "../convex/geocoding.js";
import { fetchForecastOf } from "../convex/weather.js";

const legacyCache = new LegacyCache(componentsGeneric().legacyCache as unknown as LegacyApi, {
  action: internal.geocoding.search,
});

const placeOf = { args: { name: v.string() }, returns: v.union(placeValidator, v.null()) };

export const locateUncached = action({
  ...placeOf,
  handler: async (_ctx, { name }): Promise<Place | null> => await searchPlace(name),
});

/** As `geocoding.locate`, with version 0.3.1. */
export const locateWithLegacy = action({
  ...placeOf,
  handler: async (ctx, args): Promise<Place | null> => await legacyCache.fetch(ctx, args),
});

/** The temperature, as read by one for whom a forecast is stale after `ttl` ms. */
export const readTemperature = action({
  args: {
    latitude: v.number(),
    longitude: v.number(),
    ttl: v.number(),
    force: v.optional(v.boolean()),
  },
  returns: v.object({ temperature: v.number(), status: v.string() }),
  handler: async (ctx, { latitude, longitude, ...options }) => {
    const { value, status } = await fetchForecastOf(ctx, { latitude, longitude }, options);
    return { temperature: value.temperature, status };
  },
});

/** Edits a place and rolls back; the error tells how many of the guides were gone in between. */
export const failToSave = mutation({
  args: { name: v.string(), guides: v.array(v.array(v.string())) },
  returns: v.null(),
  handler: async (ctx, { name, guides }): Promise<null> => {
    await ctx.runMutation(api.savedPlaces.save, { name, notes: "never to be" });
    let gone = 0;
    for (const names of guides) {
      if ((await ctx.runQuery(api.guides.cached, { names })) === null) gone += 1;
    }
    throw new ConvexError({ gone });
  },
});

export const clearPlace = mutation({
  args: { name: v.string() },
  returns: v.boolean(),
  handler: async (ctx, args): Promise<boolean> =>
    await ctx.runMutation(internal.clearing.place, args),
});

export const clearEverything = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => await ctx.runMutation(internal.clearing.everything, {}),
});
