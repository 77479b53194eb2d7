import { v } from "convex/values";
import { uncarry } from "../shared/carry.js";
import { internalAction, mutation } from "./_generated/server.js";
import {
  carried,
  carriedError,
  entry,
  entryName,
  fillResult,
  reserved,
  runner,
  settledFill,
} from "./validators.js";
import { answerPage, ONE_ENTRY } from "./model/budget.js";
import { claim as claimFill } from "./model/claims.js";
import { Judge } from "./model/judge.js";
import { extendLease } from "./model/leases.js";
import { runReserved } from "./model/running.js";
import { beginFill, scheduleFill } from "./model/scheduling.js";
import { settle as settleFill } from "./model/settling.js";

/** What is asked for a fill. */
const fillRequest = {
  ...entryName,
  /** The entry that the caller found wanting. */
  seen: v.optional(v.id("values")),
  /** Whether failures are remembered, and keep it from running. */
  failures: v.optional(v.boolean()),
  /** Whether to take the lease whatever is stored, running or remembered. */
  force: v.boolean(),
};

/**
 * Claims the right to fill entries, one fill of an entry at a time.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const claim = mutation({
  args: {
    requests: v.array(v.object(fillRequest)),
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
      v.object({ kind: v.literal("failed"), error: carriedError }),
    ),
  ),
  handler: (ctx, { requests }) => {
    const judge = new Judge(ctx);
    return answerPage(ctx, requests, ONE_ENTRY, (request) => claimFill(ctx, judge, request));
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
    tenant: v.optional(v.string()),
    token: v.id("fills"),
    result: fillResult,
  },
  returns: settledFill,
  handler: (ctx, { token, result, ...place }) => settleFill(ctx, place, token, result),
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
        ...fillRequest,
        args: carried,
        runner,
      }),
    ),
  },
  returns: v.array(v.boolean()),
  handler: (ctx, { requests }) => {
    const judge = new Judge(ctx);
    return answerPage(ctx, requests, ONE_SCHEDULE, ({ args, ...request }) =>
      scheduleFill(ctx, judge, { ...request, args: uncarry(args) }),
    );
  },
});

/** A document read, and a function scheduled with arguments of up to a document's size. */
const ONE_SCHEDULE = {
  ...ONE_ENTRY,
  functionsScheduled: 1,
  scheduledFunctionArgsBytes: ONE_ENTRY.bytesRead,
};

/** Begins a scheduled fill, unless it was voided or replaced; with its arguments where they were stored. */
export const begin = mutation({
  args: { token: v.string(), name: v.string() },
  returns: v.union(
    v.object({ args: v.union(carried, v.null()), tenant: v.optional(v.string()) }),
    v.null(),
  ),
  handler: (ctx, { token, name }) => beginFill(ctx, new Judge(ctx), token, name),
});

/** Runs a fill that was scheduled. */
export const run = internalAction({
  args: reserved,
  returns: v.null(),
  handler: async (ctx, fill) => {
    await runReserved(ctx, fill);
    return null;
  },
});
