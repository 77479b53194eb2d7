import { ActionCache, DAY } from "@convex-dev/action-cache";
import { type Infer, v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import { action, internalAction, query } from "./_generated/server.js";
import { fetchJson } from "./fetchJson.js";
import { savedPlaceTag } from "./functions.js";
import type { SavedPlace } from "./savedPlaces.js";
import { settings } from "./settings.js";

const guideValidator = v.object({
  text: v.string(),
  /** The places that it was written from. */
  places: v.array(v.id("savedPlaces")),
});
type Guide = Infer<typeof guideValidator>;

const cache = new ActionCache(components.actionCache, {
  action: internal.guides.write,
  name: "guides-v1",
  // Another model writes another guide, and none has to be the last word.
  ttl: 90 * DAY,
  // What a guide was made of shows in the guide. Whenever one of these places is written, all guides
  // that have its tag are gone; functions.ts has the other half.
  tags: ({ value }) => value.places.map(savedPlaceTag),
  log: true,
});

/** In one order, and each name once: the same places have one guide, however they are listed. */
function cacheArgs(names: string[]): { names: string[]; model: string } {
  return { names: [...new Set(names)].sort(), model: settings.writingModel };
}

/** A guide to some of the saved places. */
export const to = action({
  args: { names: v.array(v.string()) },
  returns: v.string(),
  handler: async (ctx, { names }): Promise<string> =>
    (await cache.fetch(ctx, cacheArgs(names))).text,
});

/** The guide as it is cached, or `null`. As a query it is live: a client sees it go with an edit. */
export const cached = query({
  args: { names: v.array(v.string()) },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, { names }): Promise<string | null> =>
    (await cache.peek(ctx, cacheArgs(names)))?.value.text ?? null,
});

/** OpenAI's format, which others speak too. */
interface ChatAnswer {
  choices: { message: { content: string } }[];
}

/**
 * The expensive action behind the cache. It reads what it depends on itself, after it has begun: an
 * edit that comes while the model still writes keeps the guide of the old notes out of the cache.
 */
export const write = internalAction({
  args: { names: v.array(v.string()), model: v.string() },
  returns: guideValidator,
  handler: async (ctx, { names, model }): Promise<Guide> => {
    const places: SavedPlace[] = await ctx.runQuery(internal.savedPlaces.byNames, { names });
    const notes = places.map((place) => `${place.name}: ${place.notes}`).join("\n");
    const { choices } = (await fetchJson(new URL(`${settings.openAiBaseUrl}/chat/completions`), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${settings.openAiApiKey}`,
      },
      body: JSON.stringify({
        model,
        messages: [
          { role: "system", content: "Write a travel guide of a few sentences from these notes." },
          { role: "user", content: notes },
        ],
      }),
    })) as ChatAnswer;
    const text = choices[0]?.message.content;
    if (!text) throw new Error(`${model} wrote nothing`);
    return { text, places: places.map(({ id }) => id) };
  },
});
