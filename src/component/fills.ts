import { v } from "convex/values";
import {
  beginResult,
  claimRequest,
  claimResult,
  fillResult,
  mutationFetch,
  mutationFetchResult,
  reservedFill,
  scheduleRequest,
  settlement,
} from "../shared/fillProtocol.js";
import { entryKey } from "../shared/protocol.js";
import { internalAction, mutation } from "./_generated/server.js";
import { answerPage, ONE_ENTRY } from "./model/budget.js";
import { checkDurations, checkResult, checkScheduled } from "./model/checks.js";
import { claim as claimFill } from "./model/fill/claim.js";
import { renewLease } from "./model/fill/lease.js";
import { fetchInMutation } from "./model/fill/mutationFetch.js";
import { runReserved } from "./model/fill/run.js";
import { beginFill, scheduleFill } from "./model/fill/schedule.js";
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

/** Ends a fill, storing its value if the lease is still held and nothing has invalidated it. */
export const settle = mutation({
  args: {
    name: entryKey.name,
    key: entryKey.key,
    tenant: entryKey.tenant,
    token: v.string(),
    result: fillResult,
    /** Whether figures are kept. */
    figures: v.optional(v.boolean()),
  },
  returns: settlement,
  handler: (ctx, { token, result, figures, ...key }) => {
    checkResult(key.name, result);
    return settleFill(ctx, key, token, result, figures);
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
  handler: (ctx, { requests }) => {
    const validity = new Validity(ctx);
    return answerPage(ctx, requests, ONE_SCHEDULE, (request) => {
      checkScheduled(request.name, request);
      return scheduleFill(ctx, validity, request);
    });
  },
});

/**
 * Fetches in a mutation: what is stored, and a refresh of it in this transaction
 * where it is not fresh. Answers as many requests as fit, at least one.
 */
export const fetch = mutation({
  args: { requests: v.array(mutationFetch) },
  returns: v.array(mutationFetchResult),
  handler: (ctx, { requests }) => {
    const validity = new Validity(ctx);
    return answerPage(ctx, requests, ONE_SCHEDULE, (request, page) => {
      checkScheduled(request.name, request);
      const { ttl, staleWhileRevalidate, staleIfError, errorTtl } = request.read;
      checkDurations(request.name, { ttl, staleWhileRevalidate, staleIfError, errorTtl });
      return fetchInMutation(ctx, validity, request, page);
    });
  },
});

/** Begins a scheduled fill, unless it was voided or replaced; with its arguments where they were stored. */
export const begin = mutation({
  args: { token: v.string(), name: v.string() },
  returns: beginResult,
  handler: (ctx, { token, name }) => beginFill(ctx, new Validity(ctx), token, name),
});

/** Runs a fill that was scheduled. */
export const run = internalAction({
  args: reservedFill,
  returns: v.null(),
  handler: async (ctx, fill) => {
    await runReserved(ctx, fill);
    return null;
  },
});
