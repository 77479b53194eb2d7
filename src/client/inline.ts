import type { GenericActionCtx } from "convex/server";

/**
 * Returned by `compute` to keep the previous value, fresh from now. What is stored of it is not
 * written again.
 *
 * @example
 * if (response.status === 304) return NOT_MODIFIED;
 */
export const NOT_MODIFIED: unique symbol = Symbol("not modified");

/** The context that `compute` runs in: that of the action that fetches. */
// `any`, because one of generic tables fits no function that takes the context of an app's own.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ComputeContext = GenericActionCtx<any>;

/** As a method, so that a function fits that takes the context of an app with more in it. */
export type Compute<Args, Result> = {
  compute(
    ctx: ComputeContext,
    args: Args,
    previous?: Result,
  ): Promise<Result | typeof NOT_MODIFIED>;
};

/** Stands for the action of a cache that computes inline. Without an annotation, it takes no arguments. */
export type Inline<Args, Result> = {
  _type: "action";
  _visibility: "internal";
  _args: unknown extends Args ? (0 extends 1 & Args ? Args : Record<string, never>) : Args;
  _returnType: Result;
  _componentPath: string | undefined;
};
