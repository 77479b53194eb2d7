import type { Infer } from "convex/values";
import type {
  failureList,
  fillList,
  invalidationList,
  InvalidatedBy,
} from "../../../shared/inspectProtocol.js";
import { wellFormed } from "../../../shared/wire.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { coverOf, fullCoverOf } from "../invalidation/tags.js";
import { momentOf, startOfFill, Validity } from "../invalidation/validity.js";
import { listFirst } from "./room.js";

/** How many rows are listed at once; what there is more, is said to be so. */
const MAX_LISTED = 100;

/** How much of an error's message is listed, in characters. */
const MAX_MESSAGE = 1000;

/** The fills that hold leases, those that run first, and the oldest first. Reads no clock. */
export async function listFills(ctx: QueryCtx): Promise<Infer<typeof fillList>> {
  const validity = new Validity(ctx);
  return await listFirst(ctx, leases(ctx), MAX_LISTED, async (fill) => {
    const { name, tenant, leaseKey } = fill;
    // What an invalidation voided is nobody's lease any more.
    const isHeld = leaseKey !== undefined && (await validity.isValid(startOfFill(fill, fill)));
    return isHeld ? { name, tenant, leaseKey, ...describeFill(fill) } : null;
  });
}

async function* leases(ctx: QueryCtx): AsyncGenerator<Doc<"fills">> {
  for (const state of ["running", "scheduled"] as const) {
    yield* ctx.db.query("fills").withIndex("state", (q) => q.eq("state", state));
  }
}

/** A fill that holds a lease. */
export function describeFill(lease: Doc<"fills">) {
  return {
    // What holds a lease has not ended.
    state: lease.state as "scheduled" | "running",
    since: Math.floor(lease.beganAt ?? lease._creationTime),
    leaseUntil: lease.deadline,
  };
}

/** The failures that are remembered, the latest first. Reads no clock. */
export async function listFailures(ctx: QueryCtx): Promise<Infer<typeof failureList>> {
  const validity = new Validity(ctx);
  const rows = ctx.db.query("failures").withIndex("startedAt").order("desc");
  return await listFirst(ctx, rows, MAX_LISTED, async (row) => {
    if (!(await validity.isValid(startOfFill(row, row)))) return null;
    const { name, tenant, leaseKey, error, until = null, retryAt } = row;
    const message = error === undefined ? null : wellFormed(error.message.slice(0, MAX_MESSAGE));
    const beganAt = Math.floor(row.beganAt);
    return { name, tenant, leaseKey, message, beganAt, until, retryAt };
  });
}

/** The invalidations that are kept, the latest first. Reads no clock. */
export async function listInvalidations(ctx: QueryCtx): Promise<Infer<typeof invalidationList>> {
  const rows = ctx.db.query("invalidations").order("desc");
  return await listFirst(ctx, rows, MAX_LISTED, (row) => ({
    ...describeInvalidation(row),
    ...fullCoverOf(row.tag),
    refresh: row.refresh ?? false,
    state: row.state,
  }));
}

/** An invalidation, in the app's own words. */
export function describeInvalidation(invalidation: Doc<"invalidations">): InvalidatedBy {
  const { tag, mode, before } = invalidation;
  return { ...coverOf(tag), mode, at: momentOf(invalidation), before };
}
