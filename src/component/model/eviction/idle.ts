import { type Infer, type ObjectType, v } from "convex/values";
import { DAY } from "../../../shared/time.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { rowsFrom, timePosition } from "../scan.js";
import { evictAll } from "./evict.js";

const MAX_ROWS = 256;
const MAX_BYTES = 4 * 1024 * 1024;

/** For how long it is kept that an entry was evicted, in ms. */
const KEPT_MS = DAY;

/** A purge of entries that nobody read under way: those kept until `until` (ms), behind the last one visited. */
export const idleJob = { until: v.number(), after: v.optional(timePosition) };
type IdleJob = ObjectType<typeof idleJob>;

/** The next entries that nobody read. */
export const idlePage = v.object({
  residents: v.array(v.id("residents")),
  next: v.union(v.object(idleJob), v.null()),
});
type IdlePage = Infer<typeof idlePage>;

/** Evicts a batch of entries that nobody read in time, and schedules the next. */
export async function evictIdle(ctx: MutationCtx, job: IdleJob): Promise<void> {
  const page: IdlePage = await ctx.runQuery(internal.eviction.listIdle, job, {
    useStaleSnapshot: true,
  });
  const idle = [];
  for (const id of page.residents) {
    const row = await ctx.db.get("residents", id);
    // It may have been read since it was listed.
    if (row?.keptUntil !== undefined && row.keptUntil <= job.until) idle.push(id);
  }
  await evictAll(ctx, idle, "idleTtl");
  if (page.next) await ctx.scheduler.runAfter(0, internal.eviction.purgeIdle, page.next);
}

/** Lists the next entries that nobody read in time. */
export async function listIdle(ctx: QueryCtx, { until, after }: IdleJob): Promise<IdlePage> {
  const page: IdlePage = { residents: [], next: null };
  let last = after;
  let bytes = 0;
  const rows = () => ctx.db.query("residents");
  const idle = rowsFrom<Doc<"residents">, number>(
    {
      keyOf: ({ keptUntil }) => keptUntil!,
      all: () => rows().withIndex("keptUntil", (q) => q.gt("keptUntil", 0).lte("keptUntil", until)),
      at: (keptUntil, time) =>
        rows().withIndex("keptUntil", (q) =>
          q.eq("keptUntil", keptUntil).gte("_creationTime", time),
        ),
      behind: (keptUntil) =>
        rows().withIndex("keptUntil", (q) => q.gt("keptUntil", keptUntil).lte("keptUntil", until)),
    },
    after,
  );
  for await (const { row, position } of idle) {
    if (page.residents.length === MAX_ROWS || bytes >= MAX_BYTES) {
      return { ...page, next: { until, after: last } };
    }
    page.residents.push(row._id);
    bytes += row.size;
    last = position;
  }
  return page;
}

/** Deletes a batch of what tells that entries were evicted, and schedules the next. */
export async function forgetEvictions(ctx: MutationCtx): Promise<void> {
  const rows = await ctx.db
    .query("evictions")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - KEPT_MS))
    .take(MAX_ROWS);
  for (const { _id } of rows) await ctx.db.delete("evictions", _id);
  if (rows.length === MAX_ROWS) {
    await ctx.scheduler.runAfter(0, internal.eviction.forget, {});
  }
}
