import type { Value } from "convex/values";
import type { ScheduleRequest } from "../../../shared/fillProtocol.js";
import type { EntryKey } from "../../../shared/protocol.js";
import { fromJson, toWire } from "../../../shared/wire.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { findRow } from "../entry/rows.js";
import { scheduleFill } from "../fill/schedule.js";
import { Validity } from "../invalidation/validity.js";

/** The request for a background fill that a recipe stands for. */
export function requestOf(recipe: Doc<"recipes">): Omit<ScheduleRequest, "force"> {
  const { name, tenant, runner, figures, args } = recipe;
  return {
    name,
    key: recipe.key as Value,
    tenant,
    runner,
    figures,
    args: toWire(fromJson(args)),
  };
}

/**
 * Schedules a background fill of an entry by its recipe, unless one is scheduled or
 * running. Resolves to whether there is a recipe.
 */
export async function refillEntry(ctx: MutationCtx, entryKey: EntryKey): Promise<boolean> {
  const row = await findRow(ctx, entryKey);
  const recipe = row?.recipe && (await ctx.db.get("recipes", row.recipe));
  if (!recipe) return false;
  await scheduleFill(ctx, new Validity(ctx), { ...requestOf(recipe), force: false });
  return true;
}
