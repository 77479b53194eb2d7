import type { GenericDataModel } from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import { checkReach, clearReach } from "../../shared/clearReach.js";
import {
  failureList,
  fillList,
  invalidationList,
  listPage,
  namesPage,
  namesRequest,
} from "../../shared/inspectProtocol.js";
import {
  entriesRequest,
  inspectedEntry,
  inspectedKey,
  tagRequest,
} from "../../shared/inspectorProtocol.js";
import { figures, figuresLabels } from "../../shared/statsProtocol.js";
import { type Allow, Guard } from "./guard.js";
import { type InspectableCache, Inspected, keyOf } from "./inspected.js";

/** Options of {@link inspectorApi}. */
export type InspectorOptions<DataModel extends GenericDataModel = GenericDataModel> = {
  /**
   * Whether the caller may "read" (all but values), see a "value", or "write". Called
   * before anything is read or written; only `true` lets in.
   */
  allow: Allow<DataModel>;
  /**
   * The app's caches, so that entries are judged by their options and refreshed by
   * their arguments. Default: none, and what is stored decides.
   */
  caches?: readonly InspectableCache[];
};

/**
 * Makes the queries and mutations of a page that shows what the cache does: public
 * functions, which the app exports. The queries read no clock, so they are live.
 *
 * @throws A {@link CacheError} if there is no `allow`; the functions throw one to whom it does not let in.
 *
 * @example
 * export const { names, figures, entries, entry, fills, invalidations, failures,
 *   expire, remove, refresh, invalidateTag, clear } = inspectorApi(components.actionCache, {
 *   allow: async (ctx) => (await ctx.auth.getUserIdentity())?.role === "admin",
 * });
 */
export function inspectorApi<DataModel extends GenericDataModel = GenericDataModel>(
  component: ComponentApi,
  options: InspectorOptions<DataModel>,
) {
  const { inspect, stats, entries, lib, invalidations } = component;
  const { allow, caches = [] } = options;
  // The functions are registered without the app's own tables, which `allow` alone may read.
  const guard = new Guard(allow as unknown as Allow);
  const inspected = new Inspected(component, caches);
  return {
    names: guard.query({
      args: namesRequest,
      returns: namesPage,
      handler: (ctx, request) => ctx.runQuery(inspect.names, request),
    }),
    figures: guard.query({
      args: { ...figuresLabels, since: v.optional(v.number()) },
      returns: figures,
      handler: (ctx, request) => ctx.runQuery(stats.get, request),
    }),
    entries: guard.query({
      args: entriesRequest,
      returns: listPage,
      handler: (ctx, request) => inspected.list(ctx, request),
    }),
    entry: guard.query({
      args: inspectedKey,
      returns: inspectedEntry,
      handler: async (ctx, key) => inspected.entry(ctx, key, await guard.lets(ctx, "value")),
    }),
    fills: guard.query({
      args: {},
      returns: fillList,
      handler: (ctx) => ctx.runQuery(inspect.fills, {}),
    }),
    invalidations: guard.query({
      args: {},
      returns: invalidationList,
      handler: (ctx) => ctx.runQuery(inspect.invalidations, {}),
    }),
    failures: guard.query({
      args: {},
      returns: failureList,
      handler: (ctx) => ctx.runQuery(inspect.failures, {}),
    }),
    expire: guard.mutation({
      args: inspectedKey,
      returns: v.null(),
      handler: async (ctx, key) => ctx.runMutation(entries.expire, await keyOf(key)),
    }),
    remove: guard.mutation({
      args: inspectedKey,
      returns: v.boolean(),
      handler: async (ctx, key) => ctx.runMutation(entries.remove, await keyOf(key)),
    }),
    refresh: guard.mutation({
      args: inspectedKey,
      returns: v.boolean(),
      handler: (ctx, key) => inspected.refresh(ctx, key),
    }),
    invalidateTag: guard.mutation({
      args: tagRequest,
      returns: v.null(),
      handler: (ctx, { tag, mode = "remove", refresh = false, ...whose }) =>
        ctx.runMutation(invalidations.byTags, { tags: [tag], mode, refresh, ...whose }),
    }),
    clear: guard.mutation({
      args: clearReach,
      returns: v.null(),
      handler: async (ctx, reach) => {
        checkReach(reach);
        const { name, tenant } = reach;
        if (tenant === undefined) return await ctx.runMutation(lib.removeAll, { name });
        return await ctx.runMutation(invalidations.clearTenant, { name, tenant });
      },
    }),
  };
}
