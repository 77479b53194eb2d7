import type { ComponentApi } from "../component/_generated/component.js";
import type { Cache } from "./cache.js";
import { checkBatchSize, checkTags, checkTenant, checkTime, checkWrites } from "./validate.js";
import type { MutationContext } from "./contexts.js";

/**
 * Clears every cache of the component: at once for readers, in the background
 * for storage.
 *
 * @param before - In ms since 1970: only entries created up to then. Default: all.
 * @throws A {@link CacheError} if `before` is not a number.
 *
 * @example
 * await removeAll(ctx, components.actionCache);
 */
export async function removeAll(
  ctx: MutationContext,
  component: ComponentApi,
  before?: number,
): Promise<null> {
  checkWrites(ctx, "removeAll");
  checkTime("INVALID_BEFORE", "`before`", before, "to clear everything");
  return await ctx.runMutation(component.lib.removeAll, before === undefined ? {} : { before });
}

/** Clears a cache's name, or what a tenant has of it. */
export async function removeAllForName(
  ctx: MutationContext,
  { name, tenant, component }: Cache,
  batchSize: number | undefined,
): Promise<null> {
  checkWrites(ctx, "removeAllForName", name);
  checkBatchSize(name, batchSize);
  const { lib, invalidations } = component;
  if (tenant === undefined) return await ctx.runMutation(lib.removeAll, { name, batchSize });
  return await ctx.runMutation(invalidations.clearTenant, { tenant, name, batchSize });
}

/**
 * Clears one tenant in every cache of the component: at once for readers, in the
 * background for storage.
 *
 * @param id - The tenant's id, as given to `forTenant`.
 * @throws A {@link CacheError} if the id is empty or too long.
 *
 * @example
 * await removeAllForTenant(ctx, components.actionCache, teamId);
 */
export async function removeAllForTenant(
  ctx: MutationContext,
  component: ComponentApi,
  id: string,
): Promise<null> {
  checkWrites(ctx, "removeAllForTenant");
  checkTenant(undefined, id);
  return await ctx.runMutation(component.invalidations.clearTenant, { tenant: id });
}

/**
 * Stands for every tenant, and for the entries of none, where tags are
 * invalidated: for a record that all tenants share.
 *
 * @example
 * await invalidateTags(ctx, components.actionCache, ["prices"], { tenant: ALL_TENANTS });
 */
export const ALL_TENANTS: unique symbol = Symbol("all tenants");

/** Options of {@link invalidateTags}. */
export type InvalidateOptions = {
  /**
   * `remove`: nobody who comes after it gets a value that began before it.
   * `expire`: such a value is stale from now. Default: "remove".
   */
  mode?: "remove" | "expire";
  /**
   * Whether to fill the entries again in the background, a few at once; those of
   * caches with a `refresher`, and arguments of up to 8 KB. Default: false.
   */
  refresh?: boolean;
  /**
   * The tenant whose entries they are; {@link ALL_TENANTS} for those of every tenant
   * and of none. Default: the entries of no tenant.
   */
  tenant?: string | typeof ALL_TENANTS;
};

/**
 * Invalidates all entries that have one of the tags, in every cache of the
 * component. In a mutation, it commits or rolls back with it, and costs one
 * document a tag, however many entries there are.
 *
 * @throws A {@link CacheError} if a tag or the tenant id is empty or too long, or there are over 128 different tags.
 *
 * @example
 * await ctx.db.patch("users", userId, { name });
 * await invalidateTags(ctx, components.actionCache, [`users:${userId}`]);
 */
export async function invalidateTags(
  ctx: MutationContext,
  component: ComponentApi,
  tags: readonly string[],
  { mode = "remove", refresh = false, tenant }: InvalidateOptions = {},
): Promise<null> {
  checkWrites(ctx, "invalidateTags");
  const distinct = checkTags(undefined, "the list of tags to invalidate", tags);
  const request = { tags: distinct, mode, refresh };
  const { byTags } = component.invalidations;
  if (tenant === ALL_TENANTS)
    return await ctx.runMutation(byTags, { ...request, allTenants: true });
  if (tenant !== undefined) checkTenant(undefined, tenant);
  return await ctx.runMutation(byTags, { ...request, tenant });
}
