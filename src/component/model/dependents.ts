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

/** The fields of an entry that name its rows in other tables; its own metadata is found by an index. */
export type Dependents = Pick<Doc<"values">, "parts" | "tagRows" | "origin">;

/** Whether an entry has rows of other tables, by which its own must be read to delete them all. */
export function hasDependents({ parts, tagRows, origin }: Dependents): boolean {
  return parts !== undefined || tagRows !== undefined || origin !== undefined;
}

/** Lists an entry under its tags, so that their invalidations find it, and keeps how to fill it again. */
export async function insertDependents(
  ctx: MutationCtx,
  entry: Labels & { key: Value; startedAt: CommitTs; origin?: Origin },
): Promise<Pick<Dependents, "tagRows" | "origin">> {
  const tags = listedTags(entry);
  if (tags.length === 0) return {};
  const origin = entry.origin && (await insertOrigin(ctx, entry, entry.origin));
  const { startedAt } = entry;
  const tagRows = await Promise.all(
    tags.map((tag) => ctx.db.insert("tags", { tag, startedAt, origin })),
  );
  return { tagRows, origin };
}

/** Tells the rows that list an entry the ids of what they list. */
export async function linkDependents(
  ctx: MutationCtx,
  { tagRows = [] }: Pick<Dependents, "tagRows">,
  listed: { valueId: Id<"values">; metadataId?: Id<"metadata"> },
): Promise<void> {
  await Promise.all(tagRows.map((row) => ctx.db.patch("tags", row, listed)));
}

/** Deletes the rows that list an entry, and its origin; what is gone already is no error. */
export async function deleteDependents(
  ctx: MutationCtx,
  { tagRows = [], origin }: Pick<Dependents, "tagRows" | "origin">,
): Promise<void> {
  for (const row of tagRows) {
    if ((await ctx.db.get("tags", row)) !== null) await ctx.db.delete("tags", row);
  }
  if (origin !== undefined && (await ctx.db.get("origins", origin)) !== null) {
    await ctx.db.delete("origins", origin);
  }
}

async function insertOrigin(
  ctx: MutationCtx,
  { name, key, tenant }: Labels & { key: Value },
  origin: Origin,
): Promise<Id<"origins"> | undefined> {
  const args = uncarry(origin.args);
  if (getConvexSize(args) > MAX_ORIGIN_BYTES) return undefined;
  const { runner } = origin;
  return await ctx.db.insert("origins", { name, key, tenant, args: encode(args).buffer, runner });
}
