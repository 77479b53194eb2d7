import { type Infer, type ObjectType, v } from "convex/values";
import { DAY } from "../../../shared/time.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { deleteParts } from "../entry/content.js";
import { RefillNeeds } from "../refill/needs.js";
import { type Position, rowsFrom, timePosition } from "../scan.js";
import { Addition, foldFill } from "../stats/fold.js";
import { Batch, deletableOf, deleteAll, deletion, documentSize } from "./batch.js";

/** A purge under way: of what may go from `until` on (ms), behind the last row visited. */
export const purgeJob = { until: v.number(), after: v.optional(timePosition) };
type PurgeJob = ObjectType<typeof purgeJob>;

/** The next entries that may go, and where the batch after them begins. */
export const expiredPage = v.object({
  deletions: v.array(deletion),
  next: v.union(v.object(purgeJob), v.null()),
});
type ExpiredPage = Infer<typeof expiredPage>;

/** Deletes a batch of entries whose time is over, oldest first, and schedules the next. */
export async function purgeEntries(ctx: MutationCtx, job: PurgeJob): Promise<void> {
  const page: ExpiredPage = await ctx.runQuery(internal.maintenance.expired, job, {
    useStaleSnapshot: true,
  });
  await deleteAll(ctx, page.deletions);
  if (page.next) await ctx.scheduler.runAfter(0, internal.maintenance.purgeEntries, page.next);
}

/** Lists the next entries whose time is over. */
export async function listExpired(ctx: QueryCtx, { until, after }: PurgeJob): Promise<ExpiredPage> {
  const needs = await RefillNeeds.of(ctx);
  const batch = new Batch();
  const { deletions } = batch;
  let last = after;
  const metadata = () => ctx.db.query("metadata");
  const expired = rowsFrom<Doc<"metadata">, number>(
    {
      keyOf: ({ expiresAt }) => expiresAt,
      all: () => metadata().withIndex("expiresAt", (q) => q.lte("expiresAt", until)),
      at: (expiresAt, time) =>
        metadata().withIndex("expiresAt", (q) =>
          q.eq("expiresAt", expiresAt).gte("_creationTime", time),
        ),
      behind: (expiresAt) =>
        metadata().withIndex("expiresAt", (q) =>
          q.gt("expiresAt", expiresAt).lte("expiresAt", until),
        ),
    },
    after,
  );
  for await (const { row, position } of expired) {
    const added = await addExpired(ctx, batch, needs, row);
    if (added !== "added") return { deletions, next: { until, after: last } };
    last = position;
  }
  return { deletions, next: null };
}

async function addExpired(
  ctx: QueryCtx,
  batch: Batch,
  needs: RefillNeeds,
  { _id: metadata, valueId, bytes, hasDependents }: Doc<"metadata">,
): Promise<"added" | "in part" | "full"> {
  // An entry that consists of its row alone need not be read to be deleted.
  if (!hasDependents && bytes !== undefined) {
    return batch.add({ entry: { _id: valueId }, metadata }, { row: bytes, parts: 0 });
  }
  if (!batch.hasRoom) return "full";
  const row = await ctx.db.get("values", valueId);
  if (row === null) return batch.add({ metadata }, { row: 0, parts: 0 });
  const size = documentSize(row);
  if (needs.include(row)) {
    batch.pass(size);
    return "added";
  }
  const entry = deletableOf(row);
  return batch.add({ entry, metadata }, { row: 2 * size, parts: row.partsBytes ?? 0 });
}

const OUTCOME_TABLES = ["fills", "failures", "locks"] as const;
const outcomeTable = v.union(...OUTCOME_TABLES.map((table) => v.literal(table)));

/** A purge of what is over: of fills first, then of failures, then of locks that have lapsed. */
export const outcomesJob = { table: outcomeTable, ...purgeJob };
type OutcomesJob = ObjectType<typeof outcomesJob>;

/** The next fills that nobody waits for, and failures and locks that are over. */
export const outcomesPage = v.object({
  fills: v.array(v.object({ id: v.id("fills"), parts: v.array(v.id("parts")) })),
  failures: v.array(v.id("failures")),
  locks: v.array(v.id("locks")),
  next: v.union(v.object(outcomesJob), v.null()),
});
type OutcomesPage = Infer<typeof outcomesPage>;

/**
 * Deletes a batch of fills that nobody waits for, and of failures and locks that are
 * over, and schedules the next. A row may have been renewed since it was listed, so its
 * time is looked at once more.
 */
export async function purgeOutcomes(ctx: MutationCtx, job: OutcomesJob): Promise<void> {
  const page: OutcomesPage = await ctx.runQuery(internal.maintenance.outcomes, job, {
    useStaleSnapshot: true,
  });
  const figures = new Addition(ctx);
  for (const { id, parts } of page.fills) {
    const row = await ctx.db.get("fills", id);
    if (row === null || row.deadline > job.until) continue;
    foldFill(figures, row);
    await deleteParts(ctx, parts);
    await ctx.db.delete("fills", id);
  }
  for (const table of ["failures", "locks"] as const) {
    for (const id of page[table]) {
      const row = await ctx.db.get(table, id);
      if (row !== null && row.deadline <= job.until) await ctx.db.delete(table, id);
    }
  }
  await figures.write();
  if (page.next) await ctx.scheduler.runAfter(0, internal.maintenance.purgeOutcomes, page.next);
}

/** Lists the next fills that nobody waits for, and failures and locks that are over. */
export async function listOutcomes(
  ctx: QueryCtx,
  { table, until, after }: OutcomesJob,
): Promise<OutcomesPage> {
  const batch = new Batch();
  const page: Omit<OutcomesPage, "next"> = { fills: [], failures: [], locks: [] };
  for (const next of OUTCOME_TABLES.slice(OUTCOME_TABLES.indexOf(table))) {
    let last = next === table ? after : undefined;
    for await (const { row, position } of outcomesOf(ctx, next, until, last)) {
      const bytes = 3 * documentSize(row) + ("argsBytes" in row ? (row.argsBytes ?? 0) : 0);
      if (batch.add({}, { row: bytes, parts: 0 }) === "full") {
        return { ...page, next: { table: next, until, after: last } };
      }
      last = position;
      if (isLock(row)) page.locks.push(row._id);
      else if (!isFill(row)) page.failures.push(row._id);
      else if (!isAwaited(row, until)) page.fills.push({ id: row._id, parts: row.argsParts ?? [] });
    }
  }
  return { ...page, next: null };
}

type Outcome = Doc<OutcomesJob["table"]>;

function outcomesOf(
  ctx: QueryCtx,
  table: OutcomesJob["table"],
  until: number,
  after: Position<number> | undefined,
) {
  const outcomes = () => ctx.db.query(table);
  return rowsFrom<Outcome, number>(
    {
      keyOf: ({ deadline }) => deadline,
      all: () => outcomes().withIndex("deadline", (q) => q.lte("deadline", until)),
      at: (deadline, time) =>
        outcomes().withIndex("deadline", (q) =>
          q.eq("deadline", deadline).gte("_creationTime", time),
        ),
      behind: (deadline) =>
        outcomes().withIndex("deadline", (q) => q.gt("deadline", deadline).lte("deadline", until)),
    },
    after,
  );
}

/** Scheduled functions may wait long for their turn, and so may a refresh for the end of another's fill. */
const LONGEST_QUEUE_MS = DAY;

/** Whether a fill has still to begin, or to end in another's being scheduled. */
function isAwaited({ state, reliedOnAt, deadline }: Doc<"fills">, until: number): boolean {
  const isPending = state === "scheduled" || (state === "voided" && reliedOnAt !== undefined);
  return isPending && deadline > until - LONGEST_QUEUE_MS;
}

const isFill = (row: Outcome): row is Doc<"fills"> => "state" in row;
const isLock = (row: Outcome): row is Doc<"locks"> => "ttl" in row;
