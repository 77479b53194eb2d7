import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { internal } from "../_generated/api.js";
import { sweep } from "./sweeping.js";
import { appTag, EVERYTHING, nameTag, tenantTag } from "./tags.js";

/** What a clear covers: a name, a tenant, a tenant's part of a name, or everything. */
export type Clear = { name?: string; tenant?: string; before?: number; batchSize?: number };

/**
 * Invalidates the entries of a name, a tenant, or all, and deletes them behind
 * that: up to `batchSize` of them now, the rest in batches of that size from the
 * scheduler; without one, all in batches that fill a transaction.
 */
export async function clear(ctx: MutationCtx, { batchSize, ...what }: Clear): Promise<void> {
  const invalidation = await append(ctx, { tag: tagOf(what), before: what.before });
  if (batchSize === undefined) {
    await ctx.scheduler.runAfter(0, internal.invalidations.sweepOne, { invalidation });
  } else {
    const job = { invalidation, batchSize: Math.max(1, Math.floor(batchSize)) };
    await sweep(ctx, job, { alone: false });
  }
}

function tagOf({ name, tenant }: Clear): string {
  if (name !== undefined) return nameTag(name, tenant);
  return tenant === undefined ? EVERYTHING : tenantTag(tenant);
}

/**
 * Invalidates the entries that have one of the app's tags: one row a tag,
 * whatever the number of entries. With `refresh`, they are also filled again in
 * the background. What is dead is left to the hourly purge.
 */
export async function invalidateTags(
  ctx: MutationCtx,
  request: { tags: string[]; tenant?: string; mode: "remove" | "expire"; refresh: boolean },
): Promise<void> {
  const { tags, tenant, mode, refresh } = request;
  const invalidations: Id<"invalidations">[] = [];
  for (const tag of new Set(tags)) {
    invalidations.push(await append(ctx, { tag: appTag(tag, tenant), mode, refresh }));
  }
  if (refresh) await ctx.scheduler.runAfter(0, internal.rehydration.run, { invalidations });
}

/** Appends an invalidation: one write, whatever it covers, that conflicts with no other. */
function append(
  ctx: MutationCtx,
  {
    tag,
    mode = "remove",
    refresh = false,
    before,
  }: { tag: string; mode?: Doc<"invalidations">["mode"]; refresh?: boolean; before?: number },
): Promise<Id<"invalidations">> {
  const state = refresh ? "rehydrating" : mode === "expire" ? "expiring" : "pending";
  return ctx.db.insert("invalidations", { tag, mode, at: ctx.db.vars.commitTs, before, state });
}
