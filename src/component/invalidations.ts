import { v } from "convex/values";
import { invalidationMode } from "../shared/protocol.js";
import { mutation } from "./_generated/server.js";
import { bothTenants, checkClear, checkLabels } from "./model/checks.js";
import { clear, invalidateTags } from "./model/invalidate.js";

/** Invalidates the entries that have one of the tags: a tenant's, those of no tenant, or all tenants'. */
export const byTags = mutation({
  args: {
    tags: v.array(v.string()),
    tenant: v.optional(v.string()),
    allTenants: v.optional(v.boolean()),
    mode: invalidationMode,
    /** Whether to fill them again in the background. */
    refresh: v.boolean(),
  },
  returns: v.null(),
  handler: async (ctx, request) => {
    const { tags, tenant, allTenants } = request;
    checkLabels(undefined, "tags", tags);
    if (tenant !== undefined) checkLabels(undefined, "tenant", [tenant]);
    if (tenant !== undefined && allTenants) throw bothTenants(tenant);
    await invalidateTags(ctx, request);
    return null;
  },
});

/** Clears a tenant: of one name, or of all. With `batchSize`, that many are also deleted at once. */
export const clearTenant = mutation({
  args: {
    tenant: v.string(),
    name: v.optional(v.string()),
    batchSize: v.optional(v.number()),
  },
  returns: v.null(),
  handler: async (ctx, request) => {
    checkClear(request);
    await clear(ctx, request);
    return null;
  },
});
