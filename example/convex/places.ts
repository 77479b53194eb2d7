// What the example's page shows: the places of geocoding.ts once more, in a cache whose times are so
// short that one can watch an entry age. Whoever opens the page may change it: an app would ask who it is.
import {
  ActionCache,
  type InspectableCache,
  invalidateTags,
  MINUTE,
  refresher,
  SECOND,
} from "@convex-dev/action-cache";
import { ConvexError, type Infer, v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { action, internalAction, mutation, query } from "./_generated/server.js";
import { type Place, placeValidator } from "./geocoding.js";
import { searchSlowly } from "./upstream.js";

const answerValidator = v.union(
  v.object({
    status: v.union(
      v.literal("hit"),
      v.literal("stale"),
      v.literal("filled"),
      v.literal("coalesced"),
    ),
    place: v.union(placeValidator, v.null()),
    /** How long the fetch took, in ms. */
    ms: v.number(),
  }),
  v.object({ status: v.literal("failed"), message: v.string(), ms: v.number() }),
);
const storedValidator = v.object({
  place: v.union(placeValidator, v.null()),
  createdAt: v.number(),
  expiresAt: v.union(v.number(), v.null()),
  staleUntil: v.union(v.number(), v.null()),
  fillingUntil: v.union(v.number(), v.null()),
});
type Answer = Infer<typeof answerValidator>;
type Stored = Infer<typeof storedValidator>;

const named = { name: v.string() };

const cache = new ActionCache(components.actionCache, {
  action: internal.places.search,
  name: "places-v1",
  ttl: 20 * SECOND,
  // For as long again and more it is served at once, and refreshed behind.
  staleWhileRevalidate: 40 * SECOND,
  // And while the service is down, longer still.
  staleIfError: 10 * MINUTE,
  errorTtl: 5 * SECOND,
  tags: ({ value }) => (value?.countryCode ? [countryTag(value.countryCode)] : []),
  refresher: internal.places.refresh,
  // On a deployment, each hit that is counted is one more call: the default counts one in twenty.
  stats: { sample: 1 },
});

/** For placesInspector.ts; its type is written out as geocoding.ts says. */
export const inspectable: InspectableCache = cache;

export const refresh = refresher(() => cache);

export const search = internalAction({
  args: named,
  returns: v.union(placeValidator, v.null()),
  handler: async (ctx, { name }): Promise<Place | null> => await searchSlowly(ctx, name),
});

/** A place, with where the answer came from. A failure is an answer too, for the page to show. */
export const ask = action({
  args: { ...named, force: v.optional(v.boolean()) },
  returns: answerValidator,
  handler: async (ctx, { name, ...options }): Promise<Answer> => {
    const start = Date.now();
    const answer = await cache.fetchEntry(ctx, cacheArgs(name), options).then(
      ({ status, value }) => ({ status, place: value }),
      (error: unknown) => ({ status: "failed" as const, message: messageOf(error) }),
    );
    const ms = Date.now() - start;
    await ctx.runMutation(internal.upstream.count, { fetches: 1 });
    return { ...answer, ms };
  },
});

/** What is stored of a place now. It reads no clock: the page judges how fresh that is, by its own. */
export const stored = query({
  args: named,
  returns: v.union(storedValidator, v.null()),
  handler: async (ctx, { name }): Promise<Stored | null> => {
    const entry = await cache.peek(ctx, cacheArgs(name));
    if (entry === null) return null;
    const { value, createdAt, expiresAt, staleUntil, fillingUntil } = entry;
    return { place: value, createdAt, expiresAt, staleUntil, fillingUntil };
  },
});

export const expire = mutation({
  args: named,
  returns: v.null(),
  handler: async (ctx, { name }): Promise<null> => {
    await cache.expire(ctx, cacheArgs(name));
    return null;
  },
});

export const remove = mutation({
  args: named,
  returns: v.boolean(),
  handler: async (ctx, { name }): Promise<boolean> => await cache.remove(ctx, cacheArgs(name)),
});

export const clear = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    await cache.removeAllForName(ctx);
    return null;
  },
});

export const invalidateCountry = mutation({
  args: { countryCode: v.string() },
  returns: v.null(),
  handler: async (ctx, { countryCode }): Promise<null> => {
    await invalidateTags(ctx, components.actionCache, [countryTag(countryCode)]);
    return null;
  },
});

function cacheArgs(name: string): { name: string } {
  return { name: name.normalize().trim().toLowerCase() };
}

function countryTag(code: string): string {
  return `country:${code}`;
}

function messageOf(error: unknown): string {
  return error instanceof ConvexError ? String(error.data) : "The fetch failed.";
}
