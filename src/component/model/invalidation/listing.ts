import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { type Position, rowsFrom, type Scan } from "../scan.js";
import type { CommitTs } from "./commitOrder.js";
import type { Reach } from "./tags.js";

type TagRow = Doc<"tags"> & { startedAt: bigint };

/** Where a reader of the table of tags is. */
export type TagPosition = Position<{ tag: string; startedAt: bigint }>;

/**
 * The rows that list entries under the tags of a reach, oldest first under each
 * tag. Those of this very transaction are left out: they have no place yet.
 */
export async function* listedUnder(
  ctx: QueryCtx,
  { from, to }: Extract<Reach, { kind: "listed" }>,
  after: TagPosition | undefined,
): AsyncGenerator<{ row: TagRow; position: TagPosition }> {
  const tags = () => ctx.db.query("tags");
  const scan: Scan<TagRow, { tag: string; startedAt: bigint }> = {
    keyOf: ({ tag, startedAt }) => ({ tag, startedAt }),
    all: () =>
      committed(
        tags().withIndex("tag", (q) =>
          from === to ? q.eq("tag", from) : q.gte("tag", from).lte("tag", to),
        ),
        "startedAt",
      ),
    at: ({ tag, startedAt }, time) =>
      committed(
        tags().withIndex("tag", (q) =>
          q.eq("tag", tag).eq("startedAt", startedAt).gte("_creationTime", time),
        ),
        "startedAt",
      ),
    async *behind({ tag, startedAt }) {
      const later = tags().withIndex("tag", (q) => q.eq("tag", tag).gt("startedAt", startedAt));
      yield* committed(later, "startedAt");
      if (tag >= to) return;
      const others = tags().withIndex("tag", (q) => q.gt("tag", tag).lte("tag", to));
      yield* committed(others, "startedAt");
    },
  };
  yield* rowsFrom(scan, after);
}

/** The rows that have a commit timestamp: those of this very transaction have none yet. */
export async function* committed<
  Field extends "startedAt" | "at",
  Row extends { [field in Field]: CommitTs },
>(rows: AsyncIterable<Row>, field: Field): AsyncGenerator<Row & { [field in Field]: bigint }> {
  for await (const row of rows) {
    if (typeof row[field] === "bigint") yield row as Row & { [field in Field]: bigint };
  }
}
