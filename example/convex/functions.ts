import { invalidateOnChange } from "@convex-dev/action-cache/triggers";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { Triggers } from "convex-helpers/server/triggers";
import { components } from "./_generated/api.js";
import type { DataModel, Id } from "./_generated/dataModel.js";
import { mutation as plainMutation } from "./_generated/server.js";

/** What an entry is tagged with that was made of a saved place. */
export function savedPlaceTag(id: Id<"savedPlaces">): string {
  return `savedPlaces:${id}`;
}

const triggers = new Triggers<DataModel>();
// In the transaction of the write: from its commit on nobody reads what was made of the old place,
// and if the write rolls back, nothing has happened to it.
triggers.register(
  "savedPlaces",
  invalidateOnChange(components.actionCache, ({ id }) => [savedPlaceTag(id)]),
);

/**
 * What writes to `savedPlaces` is made with this, in place of `mutation` of `_generated/server`: only
 * a write through the `db` that it hands on is seen by the triggers.
 */
export const mutation = customMutation(plainMutation, customCtx(triggers.wrapDB));
