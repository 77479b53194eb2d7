import type { FunctionHandle } from "convex/server";
import { v, type Value } from "convex/values";
import { uncarry } from "../shared/carry.js";
import { runFill } from "../shared/fill.js";
import { Leases } from "../shared/leases.js";
import { storeByNumbers } from "../shared/storing.js";
import { api } from "./_generated/api.js";
import { internalAction, mutation } from "./_generated/server.js";
import { carried, entry, entryName, fillResult, runner, settledFill } from "./validators.js";
import { hasRoomFor, ONE_DOCUMENT } from "./model/budget.js";
import { claim as claimFill, type Claimed } from "./model/claims.js";
import { Judge } from "./model/invalidations.js";
import { extendLease } from "./model/leases.js";
import { beginFill, scheduleFill } from "./model/scheduling.js";
import { settle as settleFill } from "./model/settling.js";

/**
 * Claims the right to fill entries, one fill of an entry at a time.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const claim = mutation({
  args: {
    requests: v.array(
      v.object({ ...entryName, seen: v.optional(v.id("values")), force: v.boolean() }),
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
  args: { name: v.string(), key: v.any(), token: v.id("fills"), result: fillResult },
  returns: settledFill,
  handler: (ctx, { name, key, token, result }) =>
    settleFill(ctx, { name, key: key as Value }, token, result),
});

/**
 * Schedules background fills, in this transaction, for entries of which none is
 * scheduled or running. Answers as many requests as fit, at least one: whether
 * the fill was scheduled.
 */
export const schedule = mutation({
  args: {
    requests: v.array(
      v.object({
        ...entryName,
        seen: v.optional(v.id("values")),
        force: v.boolean(),
        args: carried,
        runner,
      }),
    ),
  },
  returns: v.array(v.boolean()),
  handler: async (ctx, { requests }) => {
    const judge = new Judge(ctx);
    const page: boolean[] = [];
    for (const request of requests) {
      if (page.length > 0 && !(await hasRoomFor(ctx, ONE_SCHEDULE))) break;
      page.push(await scheduleFill(ctx, judge, { ...request, args: uncarry(request.args) }));
    }
    return page;
  },
});

/** A document read, and a function scheduled with arguments of up to a document's size. */
const ONE_SCHEDULE = {
  ...ONE_DOCUMENT,
  functionsScheduled: 1,
  scheduledFunctionArgsBytes: ONE_DOCUMENT.bytesRead,
};

/** Begins a scheduled fill, unless it was voided or replaced; with its arguments where they were stored. */
export const begin = mutation({
  args: { token: v.string(), name: v.string() },
  returns: v.union(v.object({ args: v.union(carried, v.null()) }), v.null()),
  handler: (ctx, { token, name }) => beginFill(ctx, new Judge(ctx), token, name),
});

/** Runs a scheduled fill: calls the app's action by its handle, and settles. */
export const run = internalAction({
  args: {
    token: v.id("fills"),
    name: v.string(),
    key: v.any(),
    args: v.optional(v.any()),
    runner,
  },
  returns: v.null(),
  handler: async (ctx, { token, name, key, args, runner }) => {
    if (runner.kind !== "component") return null;
    const begun = await ctx.runMutation(api.fills.begin, { token, name });
    if (begun === null) return null;
    const actionArgs = begun.args === null ? (args as Value) : uncarry(begun.args);
    const action = runner.action as FunctionHandle<"action">;
    const leases = new Leases((tokens) =>
      ctx.runMutation(api.fills.heartbeat, { tokens: tokens as (typeof token)[] }),
    );
    const filling = leases.during(token, () =>
      runFill({
        run: () => ctx.runAction(action, actionArgs),
        store: (value) => storeByNumbers(value as Value, runner),
        settle: (result) =>
          ctx.runMutation(api.fills.settle, { token, name, key: key as Value, result }),
        errorTtl: runner.errorTtl,
      }),
    );
    // What the action threw is in its own log, and recorded for those who wait.
    await filling.catch(() => {});
    return null;
  },
});
