import type { ComponentApi } from "../component/_generated/component.js";
import { checkBefore } from "./checks.js";
import type { MutationContext } from "./contexts.js";

/**
 * Clears every cache of the component: at once for readers, in the background
 * for storage.
 *
 * @param before - In ms since 1970: only entries created up to then. Default: all.
 * @throws A {@link CacheError} if `before` is not a number.
 *
 * @example
 * await removeAll(ctx, components.actionCache);
 */
export async function removeAll(
  ctx: MutationContext,
  component: ComponentApi,
  before?: number,
): Promise<null> {
  checkBefore(before);
  return await ctx.runMutation(component.lib.removeAll, before === undefined ? {} : { before });
}
