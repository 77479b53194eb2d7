import { DAY, MINUTE } from "@convex-dev/action-cache";
import { type Infer, v } from "convex/values";
import { internalMutation, type MutationCtx } from "./_generated/server.js";

export const coordinatesValidator = v.object({ latitude: v.number(), longitude: v.number() });
export type Coordinates = Infer<typeof coordinatesValidator>;

/** A place that nobody asked for in so long is not kept warm. */
const RECENT = DAY;
/** A request so soon after the last is not written down: a popular place would be written for each. */
const SAVING = 10 * MINUTE;
/** No more are kept warm, nor forgotten, in one run, which is a bound for its transaction. */
const BATCH = 100;

/** Remembers that these places were asked for now. */
export const record = internalMutation({
  args: { places: v.array(coordinatesValidator) },
  returns: v.null(),
  handler: async (ctx, { places }) => {
    const requestedAt = Date.now();
    for (const { latitude, longitude } of places) {
      const known = await ctx.db
        .query("recentPlaces")
        .withIndex("coordinates", (q) => q.eq("latitude", latitude).eq("longitude", longitude))
        .unique();
      if (known === null) {
        await ctx.db.insert("recentPlaces", { latitude, longitude, requestedAt });
      } else if (known.requestedAt < requestedAt - SAVING) {
        await ctx.db.patch("recentPlaces", known._id, { requestedAt });
      }
    }
    return null;
  },
});

/** The places that were asked for lately, the last one first. */
export async function recentPlaces(ctx: MutationCtx): Promise<Coordinates[]> {
  const rows = await ctx.db
    .query("recentPlaces")
    .withIndex("requestedAt", (q) => q.gt("requestedAt", Date.now() - RECENT))
    .order("desc")
    .take(BATCH);
  return rows.map(({ latitude, longitude }) => ({ latitude, longitude }));
}

/** Forgets places that nobody asked for lately, longest ago first. */
export async function forgetOldPlaces(ctx: MutationCtx): Promise<void> {
  const rows = await ctx.db
    .query("recentPlaces")
    .withIndex("requestedAt", (q) => q.lte("requestedAt", Date.now() - RECENT))
    .take(BATCH);
  for (const row of rows) await ctx.db.delete("recentPlaces", row._id);
}
