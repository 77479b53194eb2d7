import type {
  GenericActionCtx,
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
} from "convex/server";

/** What the cache needs of an action's context. */
export type ActionContext = Pick<
  GenericActionCtx<GenericDataModel>,
  "runQuery" | "runMutation" | "runAction"
>;

/** What the cache needs to change entries: a mutation's context, or an action's. */
export type MutationContext = Pick<
  GenericMutationCtx<GenericDataModel>,
  "runQuery" | "runMutation"
>;

/** What the cache needs to look at entries: any context. */
export type QueryContext = Pick<GenericQueryCtx<GenericDataModel>, "runQuery">;
