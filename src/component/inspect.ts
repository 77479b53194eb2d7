import { explained, explainRequest, listPage, listRequest } from "../shared/inspectProtocol.js";
import { query } from "./_generated/server.js";
import { checkLabels, checkPageSize } from "./model/checks.js";
import { explainCall } from "./model/inspect/explain.js";
import { listEntries } from "./model/inspect/list.js";

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
