import { v } from "convex/values";
import {
  beginRequest,
  beginResult,
  claimRequest,
  claimResult,
  mutationFetch,
  mutationFetchResult,
  reservedFill,
  scheduleRequest,
  settlement,
  settleRequest,
} from "../shared/fillProtocol.js";
import { internalAction, mutation } from "./_generated/server.js";
import { answerPage, ONE_ENTRY } from "./model/budget.js";
import { checkDurations, checkResult, checkScheduled } from "./model/checks.js";
import { claim as claimFill } from "./model/fill/claim.js";
import { renewLease } from "./model/fill/lease.js";
import { fetchInMutation } from "./model/fill/mutationFetch.js";
import { runReserved } from "./model/fill/run.js";
import { beginFill, scheduleFill } from "./model/fill/schedule.js";
import { ScheduledRuns } from "./model/fill/scheduledRuns.js";
import { settle as settleFill } from "./model/fill/settle.js";
import { Validity } from "./model/invalidation/validity.js";

/**
 * Claims the right to fill entries, one fill of an entry at a time.
 * Answers as many requests as fit into a transaction, at least one.
 */
export const claim = mutation({
  args: { requests: v.array(claimRequest) },
  returns: v.array(claimResult),
  handler: (ctx, { requests }) => {
    const validity = new Validity(ctx);
    return answerPage(ctx, requests, ONE_ENTRY, (request, page) =>
      claimFill(ctx, validity, request, page),
    );
  },
});

/** Renews the leases that are still held, and returns their tokens. */
export const heartbeat = mutation({
  args: { tokens: v.array(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { tokens }) => {
    const held = await Promise.all(tokens.map((token) => renewLease(ctx, token)));
    return tokens.filter((_, index) => held[index]);
  },
});

/**
 * Ends fills, storing the value of each if its lease is still held and nothing has
 * invalidated it. Answers as many requests as fit into a transaction, at least one.
 */
export const settle = mutation({
  args: { requests: v.array(settleRequest) },
  returns: v.array(settlement),
  handler: (ctx, { requests }) => {
    const validity = new Validity(ctx);
    return answerPage(ctx, requests, ONE_ENTRY, (request) => {
      checkResult(request.name, request.result);
      return settleFill(ctx, validity, request);
    });
  },
});

/** A document read, and a function scheduled with arguments of up to half a document's size. */
const ONE_SCHEDULE = {
  ...ONE_ENTRY,
  functionsScheduled: 1,
  scheduledFunctionArgsBytes: ONE_ENTRY.bytesRead,
};

/**
 * Schedules background fills, in this transaction, for entries of which none is
 * scheduled or running. Answers as many requests as fit, at least one: whether
 * the fill was scheduled.
 */
export const schedule = mutation({
  args: { requests: v.array(scheduleRequest) },
  returns: v.array(v.boolean()),
  handler: async (ctx, { requests }) => {
    const validity = new Validity(ctx);
    const runs = new ScheduledRuns(ctx);
    const answers = await answerPage(ctx, requests, ONE_SCHEDULE, (request) => {
      checkScheduled(request.name, request);
      return scheduleFill(ctx, validity, runs, request);
    });
    await runs.flush();
    return answers;
  },
});

/**
 * Fetches in a mutation: what is stored, and a refresh of it in this transaction
 * where it is not fresh. Answers as many requests as fit, at least one.
 */
export const fetch = mutation({
  args: { requests: v.array(mutationFetch) },
  returns: v.array(mutationFetchResult),
  handler: async (ctx, { requests }) => {
    const validity = new Validity(ctx);
    const runs = new ScheduledRuns(ctx);
    const answers = await answerPage(ctx, requests, ONE_SCHEDULE, (request, page) => {
      checkScheduled(request.name, request);
      const { ttl, staleWhileRevalidate, staleIfError, errorTtl } = request.read;
      checkDurations(request.name, { ttl, staleWhileRevalidate, staleIfError, errorTtl });
      return fetchInMutation(ctx, validity, runs, request, page);
    });
    await runs.flush();
    return answers;
  },
});

/**
 * Begins scheduled fills, each unless it was voided or replaced; with its arguments
 * where they were stored. Answers as many requests as fit, at least one.
 */
export const begin = mutation({
  args: { requests: v.array(beginRequest) },
  returns: v.array(beginResult),
  handler: (ctx, { requests }) => {
    const validity = new Validity(ctx);
    return answerPage(ctx, requests, ONE_ENTRY, (request, page) =>
      beginFill(ctx, validity, request, page),
    );
  },
});

/** Runs fills of one cache that were scheduled together. */
export const run = internalAction({
  args: { fills: v.array(reservedFill) },
  returns: v.null(),
  handler: async (ctx, { fills }) => {
    await runReserved(ctx, fills);
    return null;
  },
});
