import { internalActionGeneric, type RegisteredAction } from "convex/server";
import { v } from "convex/values";
import type { ActionContext } from "./contexts.js";
import { type RunScheduled, runScheduled, type ScheduledFill } from "./scheduled.js";

/** A cache, as far as its refresher needs it. */
export type Refreshable = {
  runScheduled(ctx: ActionContext, fills: ScheduledFill[], run: RunScheduled): Promise<void>;
};

const scheduledFill = { token: v.string(), args: v.any() };

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
): RegisteredAction<
  "internal",
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  { token: string; args: any; more?: { token: string; args: any }[] },
  Promise<null>
> {
  return internalActionGeneric({
    args: { ...scheduledFill, more: v.optional(v.array(v.object(scheduledFill))) },
    returns: v.null(),
    handler: async (ctx, { token, args, more = [] }) => {
      // What runs them is handed over, so that who imports no refresher does not bundle it.
      await cache().runScheduled(ctx, [{ token, args: args as unknown }, ...more], runScheduled);
      return null;
    },
  });
}
