import type { GenericActionCtx, GenericDataModel, GenericMutationCtx } from "convex/server";

/** What the cache needs of an action's context. */
export type ActionContext = Pick<
  GenericActionCtx<GenericDataModel>,
  "runQuery" | "runMutation" | "runAction"
>;

/** A mutation's context, told from an action's by what it can't do. */
export type MutationOnlyContext = Pick<
  GenericMutationCtx<GenericDataModel>,
  "runQuery" | "runMutation"
> & { runAction?: undefined };

/**
 * What the cache needs to change entries: a mutation's context, or an action's.
 * Typed as an action's, which a mutation's context fits too, but not the other way round.
 */
export type MutationContext = Pick<ActionContext, "runQuery" | "runMutation">;

/** What the cache needs to look at entries: any context. */
export type QueryContext = Pick<ActionContext, "runQuery">;

/** Tells an action's context by what only an action can do. */
export function isActionContext(ctx: QueryContext): ctx is ActionContext {
  return "runAction" in ctx && ctx.runAction !== undefined;
}
