import { MINUTE } from "../../../shared/time.js";
import type { ReservedFill } from "../../../shared/fillProtocol.js";
import { messageOf } from "../../../shared/wireErrors.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { ActionCtx, MutationCtx, QueryCtx } from "../../_generated/server.js";
import { findLease } from "../fill/lease.js";
import { runReserved } from "../fill/run.js";
import { reserveFill } from "../fill/schedule.js";
import { compareCommits } from "../invalidation/commitOrder.js";
import { listedUnder, type TagPosition } from "../invalidation/listing.js";
import { reachOf } from "../invalidation/tags.js";
import { isLater, startOfEntry, Validity } from "../invalidation/validity.js";
import { requestOf } from "./recipe.js";

/** A small deployment runs eight scheduled functions at once; this leaves it most of its actions. */
const AT_ONCE = 8;

/** Entries that can't be filled again, or are being filled, are passed over so many at a time. */
const VISITED_AT_ONCE = 256;

/** How long one action begins fills before it hands over to the next. */
const TURN_MS = 4 * MINUTE;

/** How much longer it waits for those that run: an action may take 10 minutes, and fills go on meanwhile. */
const HAND_OVER_MS = 4 * MINUTE;

/** A refill that has not been heard of for so long was lost; no action lives longer. */
const LOST_MS = 35 * MINUTE;

/** Begins to fill again what invalidations cover, when this transaction has committed. */
export async function startRefill(
  ctx: MutationCtx,
  invalidations: Id<"invalidations">[],
): Promise<void> {
  const deadline = Date.now() + LOST_MS;
  const refill = await ctx.db.insert("refills", { invalidations, deadline });
  await ctx.scheduler.runAfter(0, internal.refill.run, { refill });
}

/** Resumes refills whose actions were lost. */
export async function resumeRefills(ctx: MutationCtx): Promise<void> {
  const lost = await ctx.db
    .query("refills")
    .withIndex("deadline", (q) => q.lt("deadline", Date.now()))
    .take(AT_ONCE);
  for (const { _id: refill } of lost) {
    await ctx.db.patch("refills", refill, { deadline: Date.now() + LOST_MS });
    await ctx.scheduler.runAfter(0, internal.refill.run, { refill });
  }
}

/**
 * Fills again what invalidations cover, up to eight entries at once: as soon as
 * one is done the next begins. After its turn it hands over to another action,
 * so that none is cut off by an action's time limit.
 */
export async function runRefill(ctx: ActionCtx, refill: Id<"refills">): Promise<void> {
  const turn = new Turn();
  const running = new Set<Promise<void>>();
  try {
    let isDone = false;
    while (!isDone && !turn.isOver) {
      const page: { fills: ReservedFill[]; isDone: boolean } = await ctx.runMutation(
        internal.refill.reserve,
        { refill, count: AT_ONCE - running.size },
      );
      isDone = page.isDone;
      for (const fill of page.fills) {
        const run = runOne(ctx, fill).finally(() => running.delete(run));
        running.add(run);
      }
      if (running.size === AT_ONCE) await Promise.race([...running, turn.over]);
    }
    if (!isDone) {
      await Promise.race([Promise.all(running), turn.handOver]);
      await ctx.scheduler.runAfter(0, internal.refill.run, { refill });
    }
  } finally {
    await Promise.all(running);
    turn.end();
  }
}

async function runOne(ctx: ActionCtx, fill: ReservedFill): Promise<void> {
  try {
    await runReserved(ctx, fill);
  } catch (error) {
    console.warn(`action cache \`${fill.name}\`: an entry was not refilled: ${messageOf(error)}`);
  }
}

/** The time that one action takes, told by timers. */
class Turn {
  isOver = false;
  readonly over: Promise<void>;
  readonly handOver: Promise<void>;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor() {
    this.over = this.#after(TURN_MS).then(() => void (this.isOver = true));
    this.handOver = this.#after(TURN_MS + HAND_OVER_MS);
  }

  end(): void {
    this.#timers.forEach(clearTimeout);
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#timers.push(setTimeout(resolve, ms)));
  }
}

/** Reserves up to so many fills of the next entries; at the end, the refill is gone. */
export async function reserveNext(
  ctx: MutationCtx,
  id: Id<"refills">,
  count: number,
): Promise<{ fills: ReservedFill[]; isDone: boolean }> {
  const refill = await ctx.db.get("refills", id);
  if (refill === null) return { fills: [], isDone: true };
  const validity = new Validity(ctx);
  const fills: ReservedFill[] = [];
  let [current, ...rest] = refill.invalidations;
  let position = refill.position as TagPosition | undefined;
  let visited = 0;
  while (current !== undefined) {
    const invalidation = await ctx.db.get("invalidations", current);
    for await (const next of listed(ctx, invalidation, position)) {
      position = next.position;
      visited += 1;
      const fill = next.row && (await tryReserve(ctx, validity, invalidation!, next.row));
      if (fill !== null) fills.push(fill);
      if (fills.length === count || visited === VISITED_AT_ONCE) {
        const deadline = Date.now() + LOST_MS;
        await ctx.db.patch("refills", id, {
          invalidations: [current, ...rest],
          position,
          deadline,
        });
        return { fills, isDone: false };
      }
    }
    [current, ...rest] = rest;
    position = undefined;
  }
  await ctx.db.delete("refills", id);
  return { fills, isDone: true };
}

async function* listed(
  ctx: QueryCtx,
  invalidation: Doc<"invalidations"> | null,
  position: TagPosition | undefined,
) {
  const reach = invalidation && reachOf(invalidation.tag);
  if (reach?.kind === "listed") yield* listedUnder(ctx, reach, invalidation!.at, position);
}

/** Reserves the fill of one listed entry. One that can't be filled again is reported and passed over. */
async function tryReserve(
  ctx: MutationCtx,
  validity: Validity,
  invalidation: Doc<"invalidations">,
  row: Doc<"tags">,
): Promise<ReservedFill | null> {
  try {
    return await reserveAgain(ctx, validity, invalidation, row);
  } catch (error) {
    console.warn(`action cache: row ${row._id} was not refilled: ${messageOf(error)}`);
    return null;
  }
}

/** Null if it is not covered, has no recipe, or is being filled. */
async function reserveAgain(
  ctx: MutationCtx,
  validity: Validity,
  invalidation: Doc<"invalidations">,
  row: Doc<"tags">,
): Promise<ReservedFill | null> {
  if (row.recipe === undefined || !(await covers(ctx, invalidation, row))) return null;
  const recipe = await ctx.db.get("recipes", row.recipe);
  if (recipe === null) return null;
  const request = requestOf(recipe);
  const lease = await findLease(ctx, request);
  // For its tags, a fill that began before a removal will be rejected. One that began
  // before an expiry stores its value as stale, and has it filled again.
  const isDoomed =
    invalidation.mode === "remove" &&
    lease?.state === "running" &&
    compareCommits(lease.startedAt, invalidation.at) < 0;
  return await reserveFill(ctx, validity, { ...request, force: isDoomed });
}

/** Whether what a row lists, which began no later, is older than an invalidation. */
async function covers(
  ctx: QueryCtx,
  invalidation: Doc<"invalidations">,
  { startedAt, valueId }: Doc<"tags">,
): Promise<boolean> {
  if (compareCommits(invalidation.at, startedAt) !== 0) return true;
  // Both are of one transaction, in which only the entry itself tells which came first.
  const entry = valueId === undefined ? null : await ctx.db.get("values", valueId);
  return entry !== null && isLater(invalidation, startOfEntry(entry));
}
