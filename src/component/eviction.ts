/** Eviction: each mutation evicts a batch that a query listed for it, and schedules the next. */
import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server.js";
import * as adoption from "./model/eviction/adopt.js";
import { evictionJob } from "./model/eviction/chosen.js";
import * as eviction from "./model/eviction/evict.js";
import * as idle from "./model/eviction/idle.js";
import * as recounting from "./model/eviction/recount.js";
import * as surveying from "./model/eviction/survey.js";

/** Evicts entries of a cache that holds more than its bounds, a batch at a time. */
export const evict = internalMutation({
  args: evictionJob,
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

/** Takes entries into account that were stored before their cache had bounds, a batch at a time. */
export const adopt = internalMutation({
  args: adoption.adoptionJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await adoption.adopt(ctx, job);
    return null;
  },
});

/** Lists the next entries that were stored before their cache had bounds. */
export const listUnadopted = internalQuery({
  args: adoption.adoptionJob,
  returns: adoption.adoptionPage,
  handler: (ctx, job) => adoption.listUnadopted(ctx, job),
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

/** Lets caches be counted that entries have left, a batch at a time. */
export const recount = internalMutation({
  args: recounting.recountJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await recounting.recount(ctx, job);
    return null;
  },
});

/** Lists the next names of caches that entries have left. */
export const listDeparted = internalQuery({
  args: recounting.recountJob,
  returns: v.array(v.string()),
  handler: (ctx, job) => recounting.listDeparted(ctx, job),
});

/** Deletes what tells that entries were evicted, once that is long ago. */
export const forget = internalMutation({
  args: idle.forgetJob,
  returns: v.null(),
  handler: async (ctx, job) => {
    await idle.forgetEvictions(ctx, job);
    return null;
  },
});
