import { type ObjectType, v } from "convex/values";
import { internal } from "../../_generated/api.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";

/** The most names that one batch sets counting. */
const MAX_NAMES = 64;

/** Counting what left caches whose evictions are rare, or that have no bounds any more; behind a name. */
export const recountJob = { after: v.optional(v.string()) };
type RecountJob = ObjectType<typeof recountJob>;

/** Lets each cache be counted that entries have left since, and goes on with the next. */
export async function recount(ctx: MutationCtx, job: RecountJob): Promise<void> {
  const names: string[] = await ctx.runQuery(internal.eviction.listDeparted, job, {
    useStaleSnapshot: true,
  });
  for (const name of names) await ctx.scheduler.runAfter(0, internal.eviction.evict, { name });
  if (names.length === MAX_NAMES) {
    await ctx.scheduler.runAfter(0, internal.eviction.recount, { after: names.at(-1) });
  }
}

/** Lists the next names of caches that entries have left. */
export async function listDeparted(ctx: QueryCtx, { after }: RecountJob): Promise<string[]> {
  const names: string[] = [];
  for (let last = after; names.length < MAX_NAMES;) {
    const next = await ctx.db
      .query("departures")
      .withIndex("name", (q) => (last === undefined ? q : q.gt("name", last)))
      .first();
    if (next === null) break;
    last = next.name;
    names.push(last);
  }
  return names;
}
