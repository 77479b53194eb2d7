/** Eviction: each mutation evicts a batch that a query listed for it, and schedules the next. */
import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server.js";
import * as eviction from "./model/eviction/evict.js";
import * as idle from "./model/eviction/idle.js";
import * as surveying from "./model/eviction/survey.js";

/** Evicts entries of a cache that holds more than its bounds, a batch at a time. */
export const evict = internalMutation({
  args: surveying.evictionJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await eviction.evict(ctx, job);
    return null;
  },
});

/** Counts what a cache with bounds holds, and lists whom to evict. */
export const survey = internalQuery({
  args: surveying.surveyRequest,
  returns: surveying.evictionPage,
  handler: (ctx, request) => surveying.survey(ctx, request),
});

/** Evicts entries that nobody read in time, a batch at a time. */
export const purgeIdle = internalMutation({
  args: idle.idleJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await idle.evictIdle(ctx, job);
    return null;
  },
});

/** Lists the next entries that nobody read in time. */
export const listIdle = internalQuery({
  args: idle.idleJob,
  returns: idle.idlePage,
  handler: (ctx, job) => idle.listIdle(ctx, job),
});

/** Deletes what tells that entries were evicted, once that is long ago. */
export const forget = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await idle.forgetEvictions(ctx);
    return null;
  },
});
