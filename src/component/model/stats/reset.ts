import { type ObjectType, v } from "convex/values";
import { figuresLabels } from "../../../shared/statsProtocol.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";
import { eventsOf, hourOf, type Labels, storedOf } from "./counts.js";
import { Addition } from "./fold.js";

/** Room to look at a row, and to set it back. */
const ONE_RESET = {
  bytesRead: 16 * 1024,
  documentsRead: 8,
  documentsWritten: 8,
  databaseQueries: 8,
};

/** Where counters stand, in the order in which they are set back. */
const TABLES = ["figures", "deltas", "fills"] as const;
type Table = (typeof TABLES)[number];
const table = v.union(v.literal("figures"), v.literal("deltas"), v.literal("fills"));

/** The row that a reset looked at last: by its tenant, and its hour or when it was recorded, in ms. */
const place = v.object({ table, tenant: v.optional(v.string()), time: v.number() });

/** A reset under way: of what happened up to `until` (ms), from a place on. */
export const resetJob = {
  ...figuresLabels,
  until: v.optional(v.number()),
  from: v.optional(place),
};
type ResetJob = ObjectType<typeof resetJob>;

/**
 * Sets the counters of a cache back, and of all its tenants; with a tenant, of that
 * one only. What is stored is not touched. As much is set back as fits into this
 * transaction, the rest behind it, of what happened up to now.
 */
export async function resetFigures(ctx: MutationCtx, job: ResetJob): Promise<void> {
  const { name, tenant, until = Infinity } = job;
  // What a tenant's reset takes from the rows goes into the figures of the whole cache.
  const whole = new Addition(ctx);
  let { from } = job;
  for (const table of TABLES.slice(from ? TABLES.indexOf(from.table) : 0)) {
    const resumed = from?.table === table ? from : undefined;
    for await (const row of rowsOf(ctx, table, job, resumed)) {
      const time = "hour" in row ? row.hour : row._creationTime;
      from = { table, tenant: row.tenant, time };
      if (!(await hasRoomFor(ctx, ONE_RESET))) {
        const rest = { name, tenant, until: Math.min(until, Date.now()), from };
        await ctx.scheduler.runAfter(0, internal.stats.resetBatch, rest);
        return await whole.write();
      }
      if (time > until || !(await setBack(ctx, table, row))) continue;
      if (tenant !== undefined && table !== "figures") {
        whole.add({ name }, hourOf(time), eventsOf(row.counts ?? {}));
      }
    }
  }
  await whole.write();
}

/** Leaves of a row's counters what is stored. Resolves to whether there were others. */
async function setBack(ctx: MutationCtx, table: Table, row: Doc<Table>): Promise<boolean> {
  const { _id, counts = {} } = row;
  if (Object.keys(eventsOf(counts)).length === 0) return false;
  await ctx.db.patch(table, _id, { counts: storedOf(counts) });
  return true;
}

/** The rows of a cache and all its tenants, or of a tenant, from one on. */
async function* rowsOf(
  ctx: QueryCtx,
  table: Table,
  { name, tenant }: Labels,
  from: ResetJob["from"],
): AsyncGenerator<Doc<Table>> {
  // The rows of one tenant, or of none, and those of the tenants behind that one.
  const { of, behind } = indexOf(ctx, table, name);
  if (tenant !== undefined) yield* of(tenant, from?.time ?? 0);
  else {
    yield* of(from?.tenant, from?.time ?? 0);
    yield* behind(from?.tenant);
  }
}

type Rows = AsyncIterable<Doc<Table>>;
type Index = {
  of: (tenant: string | undefined, time: number) => Rows;
  behind: (tenant: string | undefined) => Rows;
};

function indexOf(ctx: QueryCtx, table: Table, name: string): Index {
  const { db } = ctx;
  switch (table) {
    case "figures":
      return {
        of: (tenant, hour) =>
          db
            .query(table)
            .withIndex("figures", (q) => q.eq("name", name).eq("tenant", tenant).gte("hour", hour)),
        behind: (tenant) =>
          db.query(table).withIndex("figures", (q) => q.eq("name", name).gt("tenant", tenant)),
      };
    case "deltas":
      return {
        of: (tenant, time) =>
          db
            .query(table)
            .withIndex("figures", (q) =>
              q.eq("name", name).eq("tenant", tenant).gte("_creationTime", time),
            ),
        behind: (tenant) =>
          db.query(table).withIndex("figures", (q) => q.eq("name", name).gt("tenant", tenant)),
      };
    case "fills":
      return {
        of: (tenant, time) =>
          db
            .query(table)
            .withIndex("figures", (q) =>
              q.eq("figures", name).eq("tenant", tenant).gte("_creationTime", time),
            ),
        behind: (tenant) =>
          db.query(table).withIndex("figures", (q) => q.eq("figures", name).gt("tenant", tenant)),
      };
  }
}
