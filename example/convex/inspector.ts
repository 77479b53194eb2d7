import { inspectorApi } from "@convex-dev/action-cache";
import { components } from "./_generated/api.js";

/**
 * What a page needs to show the caches and operate them. This demo has no users: here, everybody may
 * look, but not at values, and nobody may change anything. An app of your own asks who it is, such as
 * `allow: async (ctx) => (await ctx.auth.getUserIdentity())?.role === "admin"`.
 */
export const {
  names,
  figures,
  entries,
  entry,
  fills,
  invalidations,
  failures,
  expire,
  remove,
  refresh,
  invalidateTag,
  clear,
} = inspectorApi(components.actionCache, { allow: (_ctx, access) => access === "read" });
