import type { GenericDataModel, GenericMutationCtx } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { type InvalidateOptions, invalidateTags } from "./invalidate.js";
import type { MutationContext } from "./contexts.js";

/** A change of a document, as the `Triggers` of convex-helpers report it. */
export type Change<Doc = unknown> = {
  id: string;
  operation: "insert" | "update" | "delete";
  oldDoc: Doc | null;
  newDoc: Doc | null;
};

/**
 * Makes a trigger that invalidates what depends on a document whenever it is
 * written, in the transaction of the write. A mutation that writes many documents
 * appends each tag once, unless a tagged entry was stored in between.
 *
 * @param component - The installed component, from `components`.
 * @param tagsOf - The tags to invalidate for a change; none for none.
 * @param options - As of `invalidateTags`; `tenant` may depend on the change.
 *
 * @example
 * const triggers = new Triggers<DataModel>();
 * triggers.register(
 *   "users",
 *   invalidateOnChange(components.actionCache, (change) => ["users", `users:${change.id}`]),
 * );
 */
export function invalidateOnChange<C extends Change>(
  component: ComponentApi,
  tagsOf: (change: C) => readonly string[],
  options: Omit<InvalidateOptions, "tenant"> & {
    tenant?: InvalidateOptions["tenant"] | ((change: C) => InvalidateOptions["tenant"]);
  } = {},
): (ctx: MutationContext & MaybeMetered, change: C) => Promise<void> {
  const inMutations = new WeakMap<object, Map<unknown, AppendedTags>>();
  return async (ctx, change) => {
    const tags = tagsOf(change);
    if (tags.length === 0) return;
    const tenant = typeof options.tenant === "function" ? options.tenant(change) : options.tenant;
    // Each change comes with a context of its own, but all of a mutation share this.
    const ofTenants = inMutations.get(ctx.runMutation) ?? new Map<unknown, AppendedTags>();
    inMutations.set(ctx.runMutation, ofTenants);
    const appended = ofTenants.get(tenant) ?? new AppendedTags();
    ofTenants.set(tenant, appended);
    const missing = await appended.missing(ctx, tags);
    if (missing.length === 0) return;
    await invalidateTags(ctx, component, missing, { ...options, tenant });
    await appended.add(ctx, missing);
  };
}

/**
 * The tags that a trigger has appended in one mutation, for as long as that writes
 * nothing but the trigger's own changes, one document each. Whatever else it writes
 * may be an entry of the cache, which the next change is to invalidate again.
 */
class AppendedTags {
  readonly #tags = new Set<string>();
  #written = -Infinity;

  async missing(ctx: MaybeMetered, tags: readonly string[]): Promise<string[]> {
    const written = await documentsWritten(ctx);
    if (!(written - this.#written <= 1)) this.#tags.clear();
    this.#written = written;
    return tags.filter((tag) => !this.#tags.has(tag));
  }

  async add(ctx: MaybeMetered, tags: string[]): Promise<void> {
    for (const tag of tags) this.#tags.add(tag);
    this.#written = await documentsWritten(ctx);
  }
}

type MaybeMetered = Partial<Pick<GenericMutationCtx<GenericDataModel>, "meta">>;

/** How many documents the transaction has written, nested calls included; NaN where that can't be told. */
async function documentsWritten({ meta }: MaybeMetered): Promise<number> {
  try {
    return (await meta!.getTransactionMetrics()).documentsWritten.used;
  } catch {
    return NaN; // A context of the app's own, or a mock.
  }
}
