import cache from "@convex-dev/action-cache/convex.config.js";
import { defineApp } from "convex/server";
import { v } from "convex/values";

const app = defineApp({
  env: {
    GEOCODING_BASE_URL: v.optional(v.string()),
    FORECAST_BASE_URL: v.optional(v.string()),
    OPENAI_BASE_URL: v.optional(v.string()),
    OPENAI_API_KEY: v.optional(v.string()),
    EMBEDDING_MODEL: v.optional(v.string()),
    WRITING_MODEL: v.optional(v.string()),
  },
});
app.use(cache);

export default app;
