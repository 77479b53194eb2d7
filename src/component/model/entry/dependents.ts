import { getConvexSize, type Value } from "convex/values";
import { MAX_RECIPE_BYTES } from "../../../shared/limits.js";
import type { Recipe, Tracking } from "../../../shared/protocol.js";
import { jsonOf } from "../../../shared/wire.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import type { CommitTs } from "../invalidation/commitOrder.js";
import { type Labels, listedTags } from "../invalidation/tags.js";
import { deleteUnread } from "./content.js";

/** The fields of an entry that name its rows in other tables; its metadata is looked up by an index. */
export type Dependents = Pick<Doc<"values">, "parts" | "tagRows" | "recipe">;

/** Whether an entry has rows of other tables, or is counted, so that its own must be read to delete it. */
export function hasDependents({
  parts,
  tagRows,
  recipe,
  size,
}: Dependents & Pick<Doc<"values">, "size">): boolean {
  return [parts, tagRows, recipe, size].some((field) => field !== undefined);
}

/** Lists an entry under its tags, so that their invalidations find it, and keeps how to fill it again. */
export async function insertDependents(
  ctx: MutationCtx,
  entry: Labels & { key: Value; startedAt: CommitTs; recipe?: Recipe; tracking?: Tracking },
): Promise<Pick<Dependents, "tagRows" | "recipe">> {
  const tags = listedTags(entry);
  if (tags.length === 0) return {};
  const recipe = entry.recipe && (await insertRecipe(ctx, entry, entry.recipe));
  const { startedAt } = entry;
  const tagRows = await Promise.all(
    tags.map((tag) => ctx.db.insert("tags", { tag, startedAt, recipe })),
  );
  return { tagRows, recipe };
}

/** Tells the rows that list an entry its id. */
export async function linkDependents(
  ctx: MutationCtx,
  { tagRows = [] }: Pick<Dependents, "tagRows">,
  valueId: Id<"values">,
): Promise<void> {
  await Promise.all(tagRows.map((row) => ctx.db.patch("tags", row, { valueId })));
}

/** Deletes the rows that list an entry, and its recipe; what is gone already is no error. */
export async function deleteDependents(
  ctx: MutationCtx,
  { tagRows = [], recipe }: Pick<Dependents, "tagRows" | "recipe">,
): Promise<void> {
  for (const row of tagRows) await deleteUnread(ctx, "tags", row);
  if (recipe !== undefined) await deleteUnread(ctx, "recipes", recipe);
}

async function insertRecipe(
  ctx: MutationCtx,
  { name, key, tenant, tracking }: Labels & { key: Value; tracking?: Tracking },
  { args, runner }: Recipe,
): Promise<Id<"recipes"> | undefined> {
  const json = jsonOf(args);
  if (getConvexSize(json) > MAX_RECIPE_BYTES) return undefined;
  return await ctx.db.insert("recipes", {
    name,
    key,
    tenant,
    args: json,
    runner,
    figures: tracking?.figures,
  });
}
