import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { committed } from "../invalidation/listing.js";
import { type CommitPosition, rowsFrom } from "../scan.js";
import type { Chosen } from "./chosen.js";

/** The most residents that the hand passes in one batch. */
const MAX_PASSED = 256;

/**
 * Lets the hand go on, until enough is chosen or it has passed as many as a batch
 * may. Behind the newest it begins with the oldest again: were it to wait there, it
 * would evict whatever comes next, and what is stored would stay whether it is read or not.
 */
export async function chooseBySieve(ctx: QueryCtx, chosen: Chosen, from?: CommitPosition) {
  const spared = new Set<Id<"residents">>();
  let hand = from;
  let passed = 0;
  let isAnyLeft = false;
  for await (const next of round(ctx, chosen.job.name, from)) {
    if (next === END) {
      hand = undefined;
      continue;
    }
    isAnyLeft = true;
    if (!chosen.isOver || passed === MAX_PASSED) break;
    const { row, position } = next;
    if (row.visited && !spared.has(row._id)) spared.add(row._id);
    else if (chosen.add(row)) spared.delete(row._id);
    else break;
    passed += 1;
    hand = position;
  }
  // Where none is left and it still holds too much, there is nothing to do.
  return { spared: [...spared], hand, isDone: !chosen.isOver || !isAnyLeft };
}

const END = Symbol("end");

type Resident = Doc<"residents"> & { insertedAt: bigint };

/** The residents from the hand on to the newest, and then all from the oldest on. */
async function* round(ctx: QueryCtx, name: string, hand: CommitPosition | undefined) {
  const residents = () => ctx.db.query("residents");
  const scan = {
    keyOf: ({ insertedAt }: Resident) => insertedAt,
    all: () =>
      committed(
        residents().withIndex("order", (q) => q.eq("name", name)),
        "insertedAt",
      ),
    at: (key: bigint, time: number) =>
      committed(
        residents().withIndex("order", (q) =>
          q.eq("name", name).eq("insertedAt", key).gte("_creationTime", time),
        ),
        "insertedAt",
      ),
    behind: (key: bigint) =>
      committed(
        residents().withIndex("order", (q) => q.eq("name", name).gt("insertedAt", key)),
        "insertedAt",
      ),
  };
  yield* rowsFrom<Resident, bigint>(scan, hand);
  yield END;
  yield* rowsFrom<Resident, bigint>(scan, undefined);
  yield END;
}
