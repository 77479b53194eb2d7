import { ActionCache, DAY, refresher } from "@convex-dev/action-cache";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { type ActionCtx, internalAction } from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { EMBEDDING_DIMENSIONS } from "./schema.js";
import { settings } from "./settings.js";

const cache = new ActionCache(components.actionCache, {
  // The texts that are missing in one tick are embedded in one request.
  batchAction: internal.embeddings.embedAll,
  maxBatch: 500,
  name: "embeddings-v1",
  // A provider may replace what is behind the name of a model. The time to live bounds for how long
  // the texts that are asked for keep a vector of before; nobody waits while they get a new one.
  ttl: 90 * DAY,
  staleWhileRevalidate: 30 * DAY,
  // A vector of zeros is like nothing. To be returned once is bad enough.
  shouldCache: ({ value }) => value.some((component) => component !== 0),
  // The component can't call `shouldCache` when it refreshes, so it runs this function of the app's.
  refresher: internal.embeddings.refresh,
  log: true,
});

/** Fills an entry in the background. It takes the cache as a function, for each names the other. */
export const refresh = refresher(() => cache);

/**
 * The model is part of the key, so switching it never mixes the vectors of two models.
 * For many texts, call it for all of them at once.
 */
export async function fetchEmbedding(ctx: ActionCtx, text: string): Promise<number[]> {
  return await cache.fetch(ctx, { text: text.normalize().trim(), model: settings.embeddingModel });
}

interface EmbeddingAnswer {
  data: { index: number; embedding: number[] }[];
}

export const embedAll = internalAction({
  args: { items: v.array(v.object({ text: v.string(), model: v.string() })) },
  returns: v.array(v.array(v.float64())),
  handler: async (_ctx, { items }): Promise<number[][]> => {
    // After a switch, a refresh may have texts for the model of before among them.
    const models = [...new Set(items.map(({ model }) => model))];
    const vectors = new Map<object, number[]>();
    for (const model of models) {
      const ofModel = items.filter((item) => item.model === model);
      const embeddings = await requestEmbeddings(
        ofModel.map(({ text }) => text),
        model,
      );
      ofModel.forEach((item, index) => vectors.set(item, embeddings[index]!));
    }
    return items.map((item) => vectors.get(item)!);
  },
});

async function requestEmbeddings(input: string[], model: string): Promise<number[][]> {
  const url = new URL(`${settings.openAiBaseUrl}/embeddings`);
  const { data } = (await fetchJson(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${settings.openAiApiKey}`,
    },
    body: JSON.stringify({ input, model }),
  })) as EmbeddingAnswer;
  const vectors = data.sort((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  const wrong = vectors.find((vector) => vector.length !== EMBEDDING_DIMENSIONS);
  if (wrong !== undefined) {
    throw new Error(
      `${model} returned ${wrong.length} dimensions, but the vector index has ` +
        `${EMBEDDING_DIMENSIONS}: change EMBEDDING_DIMENSIONS in schema.ts, or the model`,
    );
  }
  return vectors;
}
