import { type Infer, v } from "convex/values";
import { wireError } from "./wireError.js";
import { errorToWire } from "./wireErrors.js";

/** The validator of {@link itemError}'s result, for the `returns` of a batch action. */
export const vItemError = v.object({ actionCacheItemError: wireError });

/** What a batch action returns in place of the value of an item that failed. */
export type ItemError = Infer<typeof vItemError>;

/**
 * Makes one item of a batch fail, in place of its value: whoever fetches it gets the
 * error, and the other items are stored.
 *
 * @param error - What an action would throw; a `ConvexError` keeps its data.
 *
 * @example
 * return items.map(({ text }) => (text === "" ? itemError(new ConvexError("empty")) : embed(text)));
 */
export function itemError(error: unknown): ItemError {
  return { actionCacheItemError: errorToWire(error) };
}
