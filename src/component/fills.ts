import { v, type Value } from "convex/values";
import { mutation } from "./_generated/server.js";
import { content, entry, entryName, serializedError } from "./validators.js";
import { hasRoomFor, ONE_DOCUMENT } from "./model/budget.js";
import {
  claim as claimFill,
  type Claimed,
  extendLease,
  settle as settleFill,
} from "./model/fills.js";
import { Judge } from "./model/invalidations.js";

/**
 * Claims the right to fill entries, one fill of an entry at a time.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const claim = mutation({
  args: {
    requests: v.array(
      v.object({
        ...entryName,
        seen: v.optional(v.id("values")),
        force: v.boolean(),
      }),
    ),
  },
  returns: v.array(
    v.union(
      v.object({ kind: v.literal("granted"), token: v.id("fills") }),
      v.object({
        kind: v.literal("held"),
        token: v.id("fills"),
        deadline: v.number(),
        since: v.number(),
      }),
      v.object({ kind: v.literal("found"), entry }),
    ),
  ),
  handler: async (ctx, { requests }) => {
    const judge = new Judge(ctx);
    const page: Claimed[] = [];
    for (const request of requests) {
      if (page.length > 0 && !(await hasRoomFor(ctx, ONE_DOCUMENT))) break;
      page.push(await claimFill(ctx, judge, request));
    }
    return page;
  },
});

/** Renews the leases that are still held, and returns their tokens. */
export const heartbeat = mutation({
  args: { tokens: v.array(v.id("fills")) },
  returns: v.array(v.id("fills")),
  handler: async (ctx, { tokens }) => {
    const held = await Promise.all(tokens.map((token) => extendLease(ctx, token)));
    return tokens.filter((_, index) => held[index]);
  },
});

/** Ends a fill, storing its value if the lease is still held and nothing has invalidated it. */
export const settle = mutation({
  args: {
    name: v.string(),
    key: v.any(),
    token: v.id("fills"),
    result: v.union(
      v.object({
        kind: v.literal("value"),
        content,
        ttl: v.union(v.number(), v.null()),
        fillMs: v.number(),
      }),
      v.object({ kind: v.literal("skipped") }),
      v.object({ kind: v.literal("failed"), error: serializedError }),
    ),
  },
  returns: v.union(
    v.literal("created"),
    v.literal("replaced"),
    v.literal("rejected"),
    v.literal("none"),
  ),
  handler: async (ctx, { name, key, token, result }) => {
    const fill = await ctx.db.get("fills", token);
    return await settleFill(ctx, new Judge(ctx), { name, key: key as Value }, fill, result);
  },
});
