import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** As many as the default model in settings.ts returns. Another model may need another number. */
export const EMBEDDING_DIMENSIONS = 1536;

export default defineSchema({
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
