import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { action, internalAction, internalMutation, internalQuery } from "./_generated/server.js";
import { fetchEmbedding } from "./embeddings.js";

const menu = [
  { cuisine: "french", description: "Crêpes, thin pancakes filled with sugar and lemon" },
  { cuisine: "french", description: "Bouillabaisse, a stew of fish and saffron" },
  { cuisine: "indian", description: "Chana masala, chickpeas in a spicy tomato sauce" },
  { cuisine: "indian", description: "Kheer, a sweet rice pudding with cardamom" },
  { cuisine: "italian", description: "Gnocchi, soft potato dumplings with sage butter" },
  { cuisine: "italian", description: "Tiramisu, coffee-soaked biscuits with mascarpone" },
  { cuisine: "japanese", description: "Okonomiyaki, a savoury cabbage pancake" },
  { cuisine: "japanese", description: "Ramen, wheat noodles in a rich pork broth" },
  { cuisine: "mexican", description: "Mole poblano, turkey in chilli and chocolate sauce" },
  { cuisine: "mexican", description: "Ceviche, raw fish cured in lime juice" },
];

const foodFields = { _id: v.id("foods"), description: v.string(), cuisine: v.string() };
type Food = Pick<Doc<"foods">, "_id" | "description" | "cuisine">;
type ScoredFood = Food & { score: number };

/** The foods most like what was asked for, of these cuisines, or of all if none is given. */
export const search = action({
  args: { query: v.string(), cuisines: v.array(v.string()) },
  returns: v.array(v.object({ ...foodFields, score: v.number() })),
  handler: async (ctx, { query, cuisines }): Promise<ScoredFood[]> => {
    const vector = await fetchEmbedding(ctx, query);
    const matches = await ctx.vectorSearch("foods", "embedding", {
      vector,
      limit: 16,
      ...(cuisines.length > 0 && {
        filter: (q) => q.or(...cuisines.map((cuisine) => q.eq("cuisine", cuisine))),
      }),
    });
    const foods = await ctx.runQuery(internal.foods.byIds, {
      ids: matches.map(({ _id }) => _id),
    });
    const scores = new Map(matches.map(({ _id, _score }) => [_id, _score]));
    return foods.map((food) => ({ ...food, score: scores.get(food._id) ?? 0 }));
  },
});

/** Seeding once more is free: the texts are the same, so their embeddings are in the cache. */
export const seed = internalAction({
  args: {},
  returns: v.array(v.id("foods")),
  handler: async (ctx): Promise<Id<"foods">[]> =>
    await Promise.all(
      menu.map(async ({ description, cuisine }) => {
        const embedding = await fetchEmbedding(ctx, description);
        return await ctx.runMutation(internal.foods.store, { description, cuisine, embedding });
      }),
    ),
});

export const store = internalMutation({
  args: { description: v.string(), cuisine: v.string(), embedding: v.array(v.float64()) },
  returns: v.id("foods"),
  handler: async (ctx, food): Promise<Id<"foods">> => {
    const stored = await ctx.db
      .query("foods")
      .withIndex("description", (q) => q.eq("description", food.description))
      .unique();
    if (stored === null) return await ctx.db.insert("foods", food);
    await ctx.db.replace("foods", stored._id, food);
    return stored._id;
  },
});

/** In the order of `ids`, without the embeddings, which are many times the size of the rest. */
export const byIds = internalQuery({
  args: { ids: v.array(v.id("foods")) },
  returns: v.array(v.object(foodFields)),
  handler: async (ctx, { ids }): Promise<Food[]> => {
    const foods = await Promise.all(ids.map((id) => ctx.db.get("foods", id)));
    return foods.flatMap((food) =>
      // A food may be deleted between the search and this read.
      food === null
        ? []
        : [{ _id: food._id, description: food.description, cuisine: food.cuisine }],
    );
  },
});
