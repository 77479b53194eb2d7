import { removeAll } from "@convex-dev/action-cache";
import { v } from "convex/values";
import { components } from "./_generated/api.js";
import { internalMutation } from "./_generated/server.js";
import { removeAllPlaces, removePlace } from "./geocoding.js";

// Internal, because clearing costs whoever pays for the services. An operator still reaches them:
// npx convex run clearing:place '{"name": "Berlin"}'

/** By argument. Resolves to whether there was an entry. */
export const place = internalMutation({
  args: { name: v.string() },
  returns: v.boolean(),
  handler: async (ctx, { name }) => await removePlace(ctx, name),
});

/** By name: all places, and nothing of the other caches. */
export const places = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await removeAllPlaces(ctx);
    return null;
  },
});

/** All: whatever any cache of this component holds. */
export const everything = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await removeAll(ctx, components.actionCache);
    return null;
  },
});
