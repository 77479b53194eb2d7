import type { Value } from "convex/values";
import { MINUTE } from "../../../shared/time.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { listedUnder, type TagPosition } from "../invalidation/listing.js";
import { reachOf } from "../invalidation/tags.js";
import { byCreation, type Position, rowsFrom } from "../scan.js";

/** An entry that an invalidation may have removed, and its position; null where only a tag is done. */
export type Candidate = {
  row: Doc<"values"> | null;
  /** The row that lists it under the tag, if it was looked up by that. */
  tagRow?: Id<"tags">;
  position: Position;
};

/** The entries that an invalidation may have removed, behind the last one visited. */
export async function* candidates(
  ctx: QueryCtx,
  invalidation: Doc<"invalidations">,
  after: Position | undefined,
): AsyncGenerator<Candidate> {
  const reach = reachOf(invalidation.tag);
  if (reach.kind === "name") yield* ofName(ctx, reach.name, after);
  else if (reach.kind === "everything") yield* ofAll(ctx, invalidation, after);
  else {
    const listed = listedUnder(ctx, reach, invalidation.at, after as TagPosition | undefined);
    for await (const { row, position } of listed) {
      const entry = row?.valueId === undefined ? null : await ctx.db.get("values", row.valueId);
      yield { row: entry, tagRow: row?._id, position };
    }
  }
}

/** The entries of a name, in the order of their keys. */
export function ofName(ctx: QueryCtx, name: string, after: Position | undefined) {
  const values = () => ctx.db.query("values");
  return rowsFrom<Doc<"values">, Value>(
    {
      keyOf: ({ args }) => args as Value,
      all: () => values().withIndex("key", (q) => q.eq("name", name)),
      at: (args, time) =>
        values().withIndex("key", (q) =>
          q.eq("name", name).eq("args", args).gte("_creationTime", time),
        ),
      behind: (args) => values().withIndex("key", (q) => q.eq("name", name).gt("args", args)),
    },
    after,
  );
}

/** In the order of their creation, which is the key here. What was stored well after the invalidation is valid. */
function ofAll(ctx: QueryCtx, invalidation: Doc<"invalidations">, after: Position | undefined) {
  const last = (invalidation.before ?? invalidation._creationTime + MINUTE) + 1;
  const from = (time: number) =>
    ctx.db
      .query("values")
      .withIndex("by_creation_time", (q) =>
        q.gte("_creationTime", time).lte("_creationTime", last),
      );
  return rowsFrom(byCreation(from), after as Position<null> | undefined);
}
