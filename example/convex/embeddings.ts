import { ActionCache } from "@convex-dev/action-cache";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { type ActionCtx, internalAction } from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { EMBEDDING_DIMENSIONS } from "./schema.js";
import { settings } from "./settings.js";

/** Without a time to live: the embedding of a text by a model never changes. */
const cache = new ActionCache(components.actionCache, {
  action: internal.embeddings.embed,
  name: "embeddings-v1",
  log: true,
});

/** The model is part of the key, so switching it never mixes the vectors of two models. */
export async function fetchEmbedding(ctx: ActionCtx, text: string): Promise<number[]> {
  return await cache.fetch(ctx, { text: text.normalize().trim(), model: settings.embeddingModel });
}

interface EmbeddingAnswer {
  data: { embedding: number[] }[];
}

export const embed = internalAction({
  args: { text: v.string(), model: v.string() },
  returns: v.array(v.float64()),
  handler: async (_ctx, { text, model }): Promise<number[]> => {
    const url = new URL(`${settings.embeddingBaseUrl}/embeddings`);
    const { data } = (await fetchJson(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${settings.embeddingApiKey}`,
      },
      body: JSON.stringify({ input: text, model }),
    })) as EmbeddingAnswer;
    const vector = data[0]?.embedding;
    if (vector?.length !== EMBEDDING_DIMENSIONS) {
      throw new Error(
        `${model} returned ${vector?.length ?? 0} dimensions, but the vector index has ` +
          `${EMBEDDING_DIMENSIONS}: change EMBEDDING_DIMENSIONS in schema.ts, or the model`,
      );
    }
    return vector;
  },
});
