import {
  explained,
  explainRequest,
  failureList,
  fillList,
  invalidationList,
  listPage,
  listRequest,
  namesPage,
  namesRequest,
} from "../shared/inspectProtocol.js";
import { query } from "./_generated/server.js";
import { checkLabels, checkPageSize } from "./model/checks.js";
import { explainCall } from "./model/inspect/explain.js";
import { listEntries } from "./model/inspect/list.js";
import { listNames } from "./model/inspect/names.js";
import { listFailures, listFills, listInvalidations } from "./model/inspect/recent.js";

/** All that decides whether a fetch is a hit but the time; with the value if asked for. Reads no clock. */
export const explain = query({
  args: explainRequest,
  returns: explained,
  handler: (ctx, request) => explainCall(ctx, request),
});

/** A page of the entries of a name that no invalidation removed, without their values. Reads no clock. */
export const list = query({
  args: listRequest,
  returns: listPage,
  handler: (ctx, request) => {
    const { name, tenant, tag, numItems } = request;
    checkPageSize(name, numItems);
    if (tenant !== undefined) checkLabels(name, "tenant", [tenant]);
    if (tag !== undefined) checkLabels(name, "tag", [tag]);
    return listEntries(ctx, request);
  },
});

/** The names of caches that have entries or figures, in order, behind one. Reads no clock. */
export const names = query({
  args: namesRequest,
  returns: namesPage,
  handler: (ctx, { after }) => listNames(ctx, after),
});

/** The fills that are scheduled or run, the oldest first. Reads no clock. */
export const fills = query({
  args: {},
  returns: fillList,
  handler: (ctx) => listFills(ctx),
});

/** The failures that are remembered, the latest first. Reads no clock. */
export const failures = query({
  args: {},
  returns: failureList,
  handler: (ctx) => listFailures(ctx),
});

/** The invalidations that are kept, the latest first. Reads no clock. */
export const invalidations = query({
  args: {},
  returns: invalidationList,
  handler: (ctx) => listInvalidations(ctx),
});
