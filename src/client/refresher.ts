import { internalActionGeneric, type RegisteredAction } from "convex/server";
import { v } from "convex/values";
import type { ActionContext } from "./contexts.js";

/** A cache, as far as its refresher needs it. */
export type Refreshable = {
  runScheduled(ctx: ActionContext, token: string, args: unknown): Promise<void>;
};

/**
 * Makes the function by which a cache fills in the background in the app's own
 * code, where its `ttl`, `tags`, `shouldCache` and `compute` functions can be called. Each
 * cache needs one of its own.
 *
 * @param cache - Returns the cache; a function, since the two name each other.
 *
 * @example
 * const cache = new ActionCache(components.actionCache, {
 *   action: internal.example.embed,
 *   staleWhileRevalidate: HOUR,
 *   shouldCache: ({ value }) => value.length > 0,
 *   refresher: internal.example.refreshEmbed,
 * });
 * export const refreshEmbed = refresher(() => cache);
 */
export function refresher(
  cache: () => Refreshable,
  // `any`, because the arguments are those of any action; written out in place,
  // because TypeScript can't infer a module that names its own exports otherwise.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
): RegisteredAction<"internal", { token: string; args: any }, Promise<null>> {
  return internalActionGeneric({
    args: { token: v.string(), args: v.any() },
    returns: v.null(),
    handler: async (ctx, { token, args }) => {
      await cache().runScheduled(ctx, token, args);
      return null;
    },
  });
}
