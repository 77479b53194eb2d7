import type { GenericActionCtx, GenericDataModel } from "convex/server";

/** What the cache needs of an action's context. */
export type ActionContext = Pick<
  GenericActionCtx<GenericDataModel>,
  "runQuery" | "runMutation" | "runAction"
>;

/**
 * What the cache needs to change entries: a mutation's context, or an action's.
 * In an action's terms, which a mutation's context fits too, but not the other way round.
 */
export type MutationContext = Pick<ActionContext, "runQuery" | "runMutation">;

/** What the cache needs to look at entries: any context. */
export type QueryContext = Pick<ActionContext, "runQuery">;
