// The service behind places.ts, as the example's page plays with it: slow or down at the push of a
// button, and with every request counted. Your app needs nothing of this.
import { MINUTE, SECOND } from "@convex-dev/action-cache";
import { ConvexError, type Infer, v } from "convex/values";
import { internal } from "./_generated/api.js";
import {
  type ActionCtx,
  internalMutation,
  internalQuery,
  mutation,
  query,
  type QueryCtx,
} from "./_generated/server.js";
import { type Place, searchPlace } from "./geocoding.js";
import schema from "./schema.js";

const modeValidator = schema.tables.upstream.validator.fields.mode;
export type Mode = Infer<typeof modeValidator>;

const trafficValidator = v.array(
  v.object({ at: v.number(), fetches: v.number(), requests: v.number() }),
);

/** How long a request takes, in ms, on top of what it takes anyway. */
const DELAY_MS = { normal: 400, slow: 4 * SECOND, down: 400 };
/** For how long traffic is remembered, in ms. */
const KEPT_MS = 10 * MINUTE;
/** How long a part of the traffic is, in ms. */
const PART_MS = 5 * SECOND;
/** More than a page of two minutes shows, unless somebody is very busy. */
const MOST_ROWS = 1000;

/** Asks the service, unless it is down. */
export async function searchSlowly(ctx: ActionCtx, name: string): Promise<Place | null> {
  await ctx.runMutation(internal.upstream.count, { requests: 1 });
  const mode: Mode = await ctx.runQuery(internal.upstream.modeNow, {});
  await new Promise<void>((resolve) => setTimeout(resolve, DELAY_MS[mode]));
  if (mode === "down") throw new ConvexError("The geocoding service is down.");
  return await searchPlace(name);
}

export const mode = query({
  args: {},
  returns: modeValidator,
  handler: (ctx): Promise<Mode> => readMode(ctx),
});

export const modeNow = internalQuery({
  args: {},
  returns: modeValidator,
  handler: (ctx): Promise<Mode> => readMode(ctx),
});

export const setMode = mutation({
  args: { mode: modeValidator },
  returns: v.null(),
  handler: async (ctx, { mode }) => {
    const row = await ctx.db.query("upstream").first();
    if (row === null) await ctx.db.insert("upstream", { mode });
    else await ctx.db.patch("upstream", row._id, { mode });
    return null;
  },
});

/** Fetches of the last minutes and requests that they made, in parts of 5 s, oldest first. */
export const traffic = query({
  args: {},
  returns: trafficValidator,
  handler: async (ctx): Promise<Infer<typeof trafficValidator>> => {
    const parts = new Map<number, { at: number; fetches: number; requests: number }>();
    const rows = await ctx.db.query("traffic").order("desc").take(MOST_ROWS);
    for (const { _creationTime, fetches = 0, requests = 0 } of rows.reverse()) {
      const at = Math.floor(_creationTime / PART_MS) * PART_MS;
      const part = parts.get(at) ?? { at, fetches: 0, requests: 0 };
      part.fetches += fetches;
      part.requests += requests;
      parts.set(at, part);
    }
    return [...parts.values()];
  },
});

/** Inserts, and updates nothing, so that those who are counted at once do not conflict. */
export const count = internalMutation({
  args: schema.tables.traffic.validator.fields,
  returns: v.null(),
  handler: async (ctx, counts) => {
    await ctx.db.insert("traffic", counts);
    return null;
  },
});

/** Deletes what no page shows any more. */
export const forgetOldTraffic = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const old = await ctx.db
      .query("traffic")
      .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - KEPT_MS))
      .take(MOST_ROWS);
    for (const { _id } of old) await ctx.db.delete("traffic", _id);
    if (old.length === MOST_ROWS) {
      await ctx.scheduler.runAfter(0, internal.upstream.forgetOldTraffic, {});
    }
    return null;
  },
});

async function readMode(ctx: QueryCtx): Promise<Mode> {
  return (await ctx.db.query("upstream").first())?.mode ?? "normal";
}
