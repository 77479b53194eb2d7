import { getConvexSize, type Value } from "convex/values";
import { type Carried, uncarry } from "../../shared/carry.js";
import { MAX_ORIGIN_BYTES } from "../../shared/limits.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { Runner } from "../validators.js";
import { encode } from "./codec.js";
import type { CommitTs } from "./commitOrder.js";
import { type Labels, listedTags } from "./tags.js";

/** How to fill an entry again. */
export type Origin = { args: Carried; runner: Runner };

/** Lists an entry under its tags, so that their invalidations find it. */
export async function insertTags(
  ctx: MutationCtx,
  valueId: Id<"values">,
  entry: Labels & { startedAt: CommitTs },
): Promise<void> {
  const { startedAt } = entry;
  for (const tag of listedTags(entry)) {
    await ctx.db.insert("tags", { tag, startedAt, valueId });
  }
}

/** Keeps how to fill an entry again, if its arguments are small enough for that. */
export async function insertOrigin(
  ctx: MutationCtx,
  valueId: Id<"values">,
  entry: { name: string; key: Value; tenant?: string },
  origin: Origin,
): Promise<void> {
  const args = uncarry(origin.args);
  if (getConvexSize(args) > MAX_ORIGIN_BYTES) return;
  const { name, key, tenant } = entry;
  const { runner } = origin;
  const packed = encode(args).buffer;
  await ctx.db.insert("origins", { valueId, name, key, tenant, args: packed, runner });
}

/** How to fill an entry again, if that is known. */
export function findOrigin(
  ctx: MutationCtx,
  valueId: Id<"values">,
): Promise<Doc<"origins"> | null> {
  return ctx.db
    .query("origins")
    .withIndex("valueId", (q) => q.eq("valueId", valueId))
    .first();
}

/** Deletes what belongs to an entry and is found by its id. */
export async function deleteTagsAndOrigin(ctx: MutationCtx, valueId: Id<"values">): Promise<void> {
  const tags = await ctx.db
    .query("tags")
    .withIndex("valueId", (q) => q.eq("valueId", valueId))
    .collect();
  for (const { _id } of tags) await ctx.db.delete("tags", _id);
  const origin = await findOrigin(ctx, valueId);
  if (origin !== null) await ctx.db.delete("origins", origin._id);
}
