import {
  type GenericDataModel,
  type GenericMutationCtx,
  type GenericQueryCtx,
  mutationGeneric,
  queryGeneric,
  type RegisteredMutation,
  type RegisteredQuery,
} from "convex/server";
import type { Infer, ObjectType, PropertyValidators, Validator } from "convex/values";
import { refusal } from "../../shared/errors.js";

/** What a caller wants: to look at all but values, to see a value, or to change something. */
export type InspectorAccess = "read" | "value" | "write";

/** Whether the caller of a query or mutation may do what it asks for: only `true` lets them. */
export type Allow<DataModel extends GenericDataModel = GenericDataModel> = (
  ctx: GenericQueryCtx<DataModel>,
  access: InspectorAccess,
) => boolean | Promise<boolean>;

type QueryCtx = GenericQueryCtx<GenericDataModel>;
type MutationCtx = GenericMutationCtx<GenericDataModel>;

/** A function's validators, and what it does for those who are let in. */
type Definition<
  Ctx,
  Args extends PropertyValidators,
  Returns extends Validator<unknown, "required", string>,
> = {
  args: Args;
  returns: Returns;
  handler: (ctx: Ctx, args: ObjectType<Args>) => Promise<Infer<Returns>>;
};

/** Makes public functions that let in nobody but whom `allow` does. */
export class Guard {
  readonly #allow: Allow;

  /** @throws A {@link CacheError} if there is no `allow`. */
  constructor(allow: Allow) {
    this.#allow = allow;
    if (typeof allow === "function") return;
    throw refusal({
      code: "ALLOW_REQUIRED",
      option: "`allow`",
      value: allow,
      remedy:
        "Give a function that tells whether a caller may look at the cache: there is no default.",
    });
  }

  /** A query of those who may read. */
  query<Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>>({
    handler,
    ...validators
  }: Definition<QueryCtx, Args, Returns>) {
    const query: unknown = queryGeneric({
      ...validators,
      handler: async (ctx: QueryCtx, args: ObjectType<Args>) => {
        await this.#letIn(ctx, "read");
        return await handler(ctx, args);
      },
    } as never);
    return query as RegisteredQuery<"public", ObjectType<Args>, Promise<Infer<Returns>>>;
  }

  /** A mutation of those who may write. */
  mutation<
    Args extends PropertyValidators,
    Returns extends Validator<unknown, "required", string>,
  >({ handler, ...validators }: Definition<MutationCtx, Args, Returns>) {
    const mutation: unknown = mutationGeneric({
      ...validators,
      handler: async (ctx: MutationCtx, args: ObjectType<Args>) => {
        await this.#letIn(ctx, "write");
        return await handler(ctx, args);
      },
    } as never);
    return mutation as RegisteredMutation<"public", ObjectType<Args>, Promise<Infer<Returns>>>;
  }

  /** Whether the caller may do that. */
  async lets(ctx: QueryCtx, access: InspectorAccess): Promise<boolean> {
    const answer: unknown = await this.#allow(ctx, access);
    return answer === true;
  }

  async #letIn(ctx: QueryCtx, access: InspectorAccess): Promise<void> {
    if (await this.lets(ctx, access)) return;
    throw refusal({
      code: "NOT_ALLOWED",
      option: `the result of \`allow\` for "${access}"`,
      value: undefined,
      // What it returned is the app's own, and not for the caller to know.
      says: "not `true`",
      remedy: "Only whom `allow` lets in may call this.",
    });
  }
}
