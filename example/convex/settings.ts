import { env } from "./_generated/server.js";

/**
 * What a deployment may set with `npx convex env set`. Getters, so that a variable counts from the
 * moment it is set: a test or a script can point the app at another server after loading it.
 */
export const settings = {
  get geocodingBaseUrl(): string {
    return env.GEOCODING_BASE_URL ?? "https://geocoding-api.open-meteo.com";
  },
  get forecastBaseUrl(): string {
    return env.FORECAST_BASE_URL ?? "https://api.open-meteo.com";
  },
  get openAiBaseUrl(): string {
    return env.OPENAI_BASE_URL ?? "https://api.openai.com/v1";
  },
  get embeddingModel(): string {
    return env.EMBEDDING_MODEL ?? "text-embedding-3-small";
  },
  get writingModel(): string {
    return env.WRITING_MODEL ?? "gpt-4.1-mini";
  },
  get openAiApiKey(): string {
    if (!env.OPENAI_API_KEY) {
      throw new Error("No API key. Set one: npx convex env set OPENAI_API_KEY <your key>");
    }
    return env.OPENAI_API_KEY;
  },
};
