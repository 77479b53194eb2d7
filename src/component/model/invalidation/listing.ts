import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { type Position, rowsFrom } from "../scan.js";
import type { CommitTs } from "./commitOrder.js";
import type { Reach } from "./tags.js";

type Listed = Extract<Reach, { kind: "listed" }>;
type TagRow = Doc<"tags"> & { startedAt: bigint };

/** Where a reader of the table of tags is. */
export type TagPosition = Position<{ tag: string; startedAt: bigint }>;

/** Later than every commit. */
export const LAST = 2n ** 63n - 1n;

/**
 * The rows that list entries under the tags of a reach and began up to a commit,
 * oldest first under each tag. What live traffic stores now is not read. A null
 * instead of a row tells that a tag is done, so that tags without rows count as work too.
 */
export async function* listedUnder(
  ctx: QueryCtx,
  reach: Listed,
  upTo: CommitTs,
  after: TagPosition | undefined,
): AsyncGenerator<{ row: TagRow | null; position: TagPosition }> {
  for await (const tag of tagsOf(ctx, reach, after?.key.tag)) {
    const isResumed = after?.key.tag === tag;
    if (isResumed && after.key.startedAt === LAST) continue;
    const from = isResumed ? { ...after, key: after.key.startedAt } : undefined;
    for await (const { row, position } of rowsFrom(scanOf(ctx, tag, upTo), from)) {
      yield { row, position: { ...position, key: { tag, startedAt: position.key } } };
    }
    yield { row: null, position: { key: { tag, startedAt: LAST }, time: 0, ids: [] } };
  }
}

/** The tags of a reach that have rows, from one on, each by a seek of its own. */
async function* tagsOf(
  ctx: QueryCtx,
  { from, to }: Listed,
  first: string | undefined,
): AsyncGenerator<string> {
  if (from === to) {
    yield from;
    return;
  }
  if (first !== undefined) yield first;
  for (let last = first; ;) {
    const next = await ctx.db
      .query("tags")
      .withIndex("tag", (q) =>
        last === undefined ? q.gte("tag", from).lte("tag", to) : q.gt("tag", last).lte("tag", to),
      )
      .first();
    if (next === null) return;
    last = next.tag;
    yield last;
  }
}

function scanOf(ctx: QueryCtx, tag: string, upTo: CommitTs) {
  const tags = () => ctx.db.query("tags");
  return {
    keyOf: ({ startedAt }: TagRow) => startedAt,
    all: () =>
      committed(
        tags().withIndex("tag", (q) => q.eq("tag", tag).lte("startedAt", upTo)),
        "startedAt",
      ),
    at: (startedAt: bigint, time: number) =>
      committed(
        tags().withIndex("tag", (q) =>
          q.eq("tag", tag).eq("startedAt", startedAt).gte("_creationTime", time),
        ),
        "startedAt",
      ),
    behind: (startedAt: bigint) =>
      committed(
        tags().withIndex("tag", (q) =>
          q.eq("tag", tag).gt("startedAt", startedAt).lte("startedAt", upTo),
        ),
        "startedAt",
      ),
  };
}

/** The rows that have a commit timestamp: those of this very transaction have none yet. */
export async function* committed<
  Field extends "startedAt" | "at" | "insertedAt",
  Row extends { [field in Field]: CommitTs },
>(rows: AsyncIterable<Row>, field: Field): AsyncGenerator<Row & { [field in Field]: bigint }> {
  for await (const row of rows) {
    if (typeof row[field] === "bigint") yield row as Row & { [field in Field]: bigint };
  }
}
