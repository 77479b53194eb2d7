import { ConvexError, type Infer, v } from "convex/values";
import type { Doc, Id } from "./_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "./_generated/server.js";
import { mutation } from "./functions.js";

export const savedPlaceValidator = v.object({
  id: v.id("savedPlaces"),
  name: v.string(),
  notes: v.string(),
});
export type SavedPlace = Infer<typeof savedPlaceValidator>;

/** Saves a place under its name, or new notes of one that is saved already. */
export const save = mutation({
  args: { name: v.string(), notes: v.string() },
  returns: v.id("savedPlaces"),
  handler: async (ctx, { name, notes }): Promise<Id<"savedPlaces">> => {
    const saved = await byName(ctx, name);
    if (saved === null) return await ctx.db.insert("savedPlaces", { name, notes });
    // No cache is named here: the triggers of functions.ts remove what was made of the old notes.
    await ctx.db.patch("savedPlaces", saved._id, { notes });
    return saved._id;
  },
});

/** Forgets a place, and with it whatever was made of its notes. Resolves to whether it was saved. */
export const forget = mutation({
  args: { name: v.string() },
  returns: v.boolean(),
  handler: async (ctx, { name }): Promise<boolean> => {
    const saved = await byName(ctx, name);
    if (saved !== null) await ctx.db.delete("savedPlaces", saved._id);
    return saved !== null;
  },
});

/** The places of these names; refuses a list with one that is not saved. */
export const byNames = internalQuery({
  args: { names: v.array(v.string()) },
  returns: v.array(savedPlaceValidator),
  handler: async (ctx, { names }): Promise<SavedPlace[]> =>
    await Promise.all(
      names.map(async (name) => {
        const saved = await byName(ctx, name);
        if (saved === null) throw new ConvexError(`No place of the name ${name} is saved.`);
        return { id: saved._id, name, notes: saved.notes };
      }),
    ),
});

function byName(ctx: QueryCtx, name: string): Promise<Doc<"savedPlaces"> | null> {
  return ctx.db
    .query("savedPlaces")
    .withIndex("name", (q) => q.eq("name", name))
    .unique();
}
