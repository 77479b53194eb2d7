import { type ObjectType, v } from "convex/values";
import { checkReach, clearReach } from "../../../shared/clearReach.js";
import type { MutationCtx } from "../../_generated/server.js";
import { checkClear } from "../checks.js";
import { clear } from "../invalidate.js";
import { moment } from "./format.js";

export const clearRequest = {
  ...clearReach,
  /** In ms since 1970, or as an ISO string. */
  before: v.optional(v.union(v.number(), v.string())),
};

export const clearReport = v.object({ cleared: v.string(), note: v.string() });

/** Clears what an operator named, and tells it. */
export async function clearAndReport(ctx: MutationCtx, request: ObjectType<typeof clearRequest>) {
  const { name, tenant, everything: _, before } = request;
  checkReach(request);
  const until = typeof before === "string" ? Date.parse(before) : before;
  const what = { name, tenant, before: until };
  checkClear(what);
  await clear(ctx, what);
  const parts = [
    ...(name === undefined ? [] : [`name \`${name}\``]),
    ...(tenant === undefined ? [] : [`tenant \`${tenant}\``]),
  ];
  const cleared = parts.length === 0 ? "everything" : parts.join(" of ");
  const only = until === undefined ? "" : ` created up to ${moment(until, Date.now())}`;
  return { cleared: `${cleared}${only}`, note: NOTE };
}

const NOTE = "Nobody reads it from now on. Its rows are deleted in the background.";
