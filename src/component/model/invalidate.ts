import { MINUTE } from "../../shared/time.js";
import type { InvalidationMode } from "../../shared/protocol.js";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { sweepNow } from "./gc/sweep.js";
import { append, isInForce } from "./invalidation/append.js";
import { appTag, EVERYTHING, nameTag, sharedTag, tenantTag } from "./invalidation/tags.js";
import { startRefill } from "./refill/refill.js";

/** What a clear covers: a name, a tenant, a tenant's part of a name, or everything. */
export type Clear = { name?: string; tenant?: string; before?: number; batchSize?: number };

/** Live traffic replaces what was invalidated lately; sweeping it at once would be in its way. */
const SWEEP_DELAY_MS = 5 * MINUTE;

/**
 * Invalidates the entries of a name, a tenant, or all, and deletes them behind
 * that: up to `batchSize` of them now, the rest later, in batches of that size;
 * without one, all later.
 */
export async function clear(ctx: MutationCtx, { batchSize, ...what }: Clear): Promise<void> {
  const only = await append(ctx, { tag: tagOf(what), before: what.before });
  const limit = batchSize === undefined ? undefined : Math.max(1, Math.floor(batchSize));
  const next = limit === undefined ? { only } : await sweepNow(ctx, { only, limit });
  await ctx.scheduler.runAfter(SWEEP_DELAY_MS, internal.maintenance.sweep, next);
}

function tagOf({ name, tenant }: Clear): string {
  if (name !== undefined) return nameTag(name, tenant);
  return tenant === undefined ? EVERYTHING : tenantTag(tenant);
}

/**
 * Invalidates the entries that have one of the app's tags: one row a tag,
 * whatever the number of entries. With `refresh`, they are also filled again in
 * the background. What is invalid is left to the hourly sweep.
 */
export async function invalidateTags(
  ctx: MutationCtx,
  request: {
    tags: string[];
    tenant?: string;
    allTenants?: boolean;
    mode: InvalidationMode;
    refresh: boolean;
  },
): Promise<void> {
  const { tags, tenant, allTenants, mode, refresh } = request;
  const invalidations: Id<"invalidations">[] = [];
  for (const tag of new Set(tags)) {
    const covering = allTenants ? sharedTag(tag) : appTag(tag, tenant);
    const invalidation = { tag: covering, mode, refresh: refresh || undefined };
    if (await isInForce(ctx, invalidation)) continue;
    invalidations.push(await append(ctx, invalidation));
  }
  if (refresh && invalidations.length > 0) await startRefill(ctx, invalidations);
}
