import type { MutationCtx } from "../_generated/server.js";
import { hasRoomFor, type Need, ONE_ENTRY } from "./budget.js";

/** What was done with a row: `later` leaves it, and the rest, to the next batch. */
export type Step = "deleted" | "kept" | "later";

/**
 * Goes through rows until they end, `limit` of them are deleted, or the
 * transaction's budget is used up, whoever used it.
 *
 * Resolves to whether all rows were visited; `visited` is called after each, so
 * that the next batch can begin behind it. A row that can't be deleted is
 * reported and left behind, so that it doesn't hold up those after it.
 */
export async function drain<Row extends { _id: string }>(
  ctx: MutationCtx,
  rows: AsyncIterable<Row>,
  {
    step,
    visited,
    alone = false,
    limit = Infinity,
    need = ONE_ENTRY,
  }: {
    /** `mustFit` tells that waiting for more room would be waiting for ever. */
    step: (row: Row, mustFit: boolean) => Promise<Step>;
    visited: (row: Row) => void;
    /** Whether nothing else has used the transaction, so that the first row finds all the room there is. */
    alone?: boolean;
    limit?: number;
    need?: Need;
  },
): Promise<boolean> {
  let deleted = 0;
  let mustFit = alone;
  if (!(await hasRoomFor(ctx, need))) return false;
  for await (const row of rows) {
    const done = await attempt(row, () => step(row, mustFit));
    mustFit = false;
    if (done === "later") return false;
    visited(row);
    if (done === "deleted") deleted += 1;
    if (deleted >= limit || !(await hasRoomFor(ctx, need))) return false;
  }
  return true;
}

async function attempt(row: { _id: string }, step: () => Promise<Step>): Promise<Step> {
  try {
    return await step();
  } catch (error) {
    console.error(
      `action cache: row ${row._id} could not be deleted and is left for later:`,
      error,
    );
    return "kept";
  }
}
