/** The operator's command line: what `npx convex run --component actionCache operate:…` calls. */
import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server.js";
import { checkLabels, checkNumber, checkPageSize } from "./model/checks.js";
import { keepHouse } from "./model/gc/keepHouse.js";
import * as clearing from "./model/operate/clear.js";
import * as entries from "./model/operate/entries.js";
import * as recent from "./model/operate/recent.js";
import * as figures from "./model/operate/stats.js";

/** The figures of a cache, or of all, one after another; with `hours`, of the last so many. */
export const stats = internalQuery({
  args: figures.statsRequest,
  returns: figures.statsReport,
  handler: (ctx, request) => {
    checkNumber(request.name, "hours", request.hours);
    return figures.reportStats(ctx, request);
  },
});

/** A page of the entries of a cache: of all tenants or of one, with any tags or with one. */
export const list = internalQuery({
  args: entries.listRequest,
  returns: entries.listReport,
  handler: (ctx, request) => {
    const { name, tenant, tag, limit } = request;
    if (limit !== undefined) checkPageSize(name, limit);
    if (tenant !== undefined) checkLabels(name, "tenant", [tenant]);
    if (tag !== undefined) checkLabels(name, "tag", [tag]);
    return entries.reportEntries(ctx, request);
  },
});

/** Why a fetch of these arguments, or of this key, would be a hit or not. */
export const explain = internalQuery({
  args: entries.explainRequest,
  returns: entries.explainReport,
  handler: (ctx, request) => entries.reportOnCall(ctx, request),
});

/** The fills that are scheduled or run. */
export const fills = internalQuery({
  args: {},
  returns: recent.fillsReport,
  handler: (ctx) => recent.reportFills(ctx),
});

/** The failures that are remembered, the latest first. */
export const failures = internalQuery({
  args: {},
  returns: recent.failuresReport,
  handler: (ctx) => recent.reportFailures(ctx),
});

/** The invalidations that are kept, the latest first. */
export const invalidations = internalQuery({
  args: {},
  returns: recent.invalidationsReport,
  handler: (ctx) => recent.reportInvalidations(ctx),
});

/** Clears a cache, a tenant or a tenant's part of a cache; all of it only with `everything: true`. */
export const clear = internalMutation({
  args: clearing.clearRequest,
  returns: clearing.clearReport,
  handler: (ctx, request) => clearing.clearAndReport(ctx, request),
});

/** Begins the housekeeping at once that a cron begins every hour. */
export const purge = internalMutation({
  args: {},
  returns: v.object({ note: v.string() }),
  handler: async (ctx) => {
    await keepHouse(ctx, undefined);
    return { note: "Housekeeping has begun, and goes on in the background." };
  },
});
