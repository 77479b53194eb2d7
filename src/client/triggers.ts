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
): (ctx: MutationContext, change: C) => Promise<void> {
  return async (ctx, change) => {
    const tags = tagsOf(change);
    if (tags.length === 0) return;
    const tenant = typeof options.tenant === "function" ? options.tenant(change) : options.tenant;
    await invalidateTags(ctx, component, tags, { ...options, tenant });
  };
}
