import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { coveringTags } from "../invalidation/tags.js";
import { isLater, startOfEntry } from "../invalidation/validity.js";

/** With more invalidations being refilled than this, housekeeping spares all that they might need. */
const MANY_INVALIDATIONS = 512;

/** What refills under way still need: their invalidations, and the recipes of what these cover. */
export class RefillNeeds {
  readonly #invalidations: Doc<"invalidations">[] | "unknown";

  private constructor(invalidations: Doc<"invalidations">[] | "unknown") {
    this.#invalidations = invalidations;
  }

  static async of(ctx: QueryCtx): Promise<RefillNeeds> {
    const ids: Id<"invalidations">[] = [];
    for await (const { invalidations } of ctx.db.query("refills")) {
      ids.push(...invalidations);
      if (ids.length > MANY_INVALIDATIONS) return new RefillNeeds("unknown");
    }
    const rows = await Promise.all(ids.map((id) => ctx.db.get("invalidations", id)));
    return new RefillNeeds(rows.filter((row) => row !== null));
  }

  /** Whether a refill needs this entry to stand until it has come to it. */
  include(entry: Doc<"values">): boolean {
    if (entry.recipe === undefined) return false;
    if (this.#invalidations === "unknown") return true;
    const tags = coveringTags(entry);
    return this.#invalidations.some(
      (invalidation) =>
        tags.includes(invalidation.tag) && isLater(invalidation, startOfEntry(entry)),
    );
  }

  /** Whether a refill works through this invalidation. */
  areOf(id: Id<"invalidations">): boolean {
    if (this.#invalidations === "unknown") return true;
    return this.#invalidations.some(({ _id }) => _id === id);
  }
}
