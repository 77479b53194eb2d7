import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** As many as the default model in settings.ts returns. Another model may need another number. */
export const EMBEDDING_DIMENSIONS = 1536;

export default defineSchema({
  /** Where the weather was asked for lately, a row for each forecast. Written by recentPlaces.ts. */
  recentPlaces: defineTable({
    latitude: v.number(),
    longitude: v.number(),
    /** The last request, in ms since 1970, give or take the minutes that recentPlaces.ts saves. */
    requestedAt: v.number(),
  })
    .index("coordinates", ["latitude", "longitude"])
    .index("requestedAt", ["requestedAt"]),

  /** Places that somebody took notes of, one for each name. Written by savedPlaces.ts only. */
  savedPlaces: defineTable({ name: v.string(), notes: v.string() }).index("name", ["name"]),

  /** How the service behind the example's page behaves: one row, or none. Written by upstream.ts. */
  upstream: defineTable({
    mode: v.union(v.literal("normal"), v.literal("slow"), v.literal("down")),
  }),

  /** What the example's page fetched and requested lately. Written by upstream.ts. */
  traffic: defineTable({
    fetches: v.optional(v.number()),
    requests: v.optional(v.number()),
  }),

  foods: defineTable({
    description: v.string(),
    cuisine: v.string(),
    embedding: v.array(v.float64()),
  })
    .index("description", ["description"])
    .vectorIndex("embedding", {
      vectorField: "embedding",
      dimensions: EMBEDDING_DIMENSIONS,
      filterFields: ["cuisine"],
    }),
});
