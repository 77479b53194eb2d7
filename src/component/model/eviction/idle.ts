import { type Infer, type ObjectType, v } from "convex/values";
import { DAY } from "../../../shared/time.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { byCreation, positionOf, rowsFrom, timePosition } from "../scan.js";
import { evictAll } from "./evict.js";
import { departed } from "./residents.js";
import { Room } from "./room.js";

const MAX_ROWS = 256;

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
  for (const resident of await evictAll(ctx, idle, "idleTtl")) await departed(ctx, resident);
  if (page.next) await ctx.scheduler.runAfter(0, internal.eviction.purgeIdle, page.next);
}

/** Lists the next entries that nobody read in time. */
export async function listIdle(ctx: QueryCtx, { until, after }: IdleJob): Promise<IdlePage> {
  const page: IdlePage = { residents: [], next: null };
  let last = after;
  const room = new Room();
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
    if (!room.take(row)) return { ...page, next: { until, after: last } };
    page.residents.push(row._id);
    last = position;
  }
  return page;
}

/** Where forgetting evictions goes on. */
export const forgetJob = { after: v.optional(positionOf(v.null())) };

/** Deletes a batch of what tells that entries were evicted, and schedules the next. */
export async function forgetEvictions(
  ctx: MutationCtx,
  { after }: ObjectType<typeof forgetJob>,
): Promise<void> {
  const until = Date.now() - KEPT_MS;
  const rows = rowsFrom(
    byCreation((time) =>
      ctx.db
        .query("evictions")
        .withIndex("by_creation_time", (q) =>
          q.gte("_creationTime", time).lt("_creationTime", until),
        ),
    ),
    after,
  );
  let deleted = 0;
  for await (const { row, position } of rows) {
    await ctx.db.delete("evictions", row._id);
    if (++deleted < MAX_ROWS) continue;
    await ctx.scheduler.runAfter(0, internal.eviction.forget, { after: position });
    return;
  }
}
