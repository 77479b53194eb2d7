import type { FunctionHandle } from "convex/server";
import type { Value } from "convex/values";
import { type Carried, carry } from "../../shared/carry.js";
import { LEASE_MS, OUTCOME_MS } from "../../shared/leaseTimes.js";
import { MAX_DOCUMENT_BYTES, MAX_SCHEDULED_BYTES } from "../../shared/limits.js";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { Runner } from "../validators.js";
import { entrySince, isHeld } from "./claims.js";
import { deleteParts, fitsDocument, loadParts, saveParts } from "./content.js";
import type { Place } from "./entries.js";
import { failsNow } from "./rememberedFailures.js";
import { type Judge, startOfFill } from "./judge.js";
import { endFill, findLease, holdLease, takeLease } from "./leases.js";

/** A request for a background fill. */
export type ScheduleRequest = Place & {
  /** The entry that the caller found stale: if another has come since, nothing is to be done. */
  seen?: Id<"values">;
  /** Whether a remembered failure keeps it from running. */
  failures?: boolean;
  /** Take the lease from a fill that is running or scheduled. */
  force: boolean;
  args: Value;
  runner: Runner;
};

/** A fill that is reserved: nobody else fills the entry, until it begins or its lease lapses. */
export type Reserved = {
  token: Id<"fills">;
  name: string;
  key: Value;
  tenant?: string;
  /** Null where they are stored for the fill. */
  args: Value;
  runner: Runner;
};

/**
 * Schedules a fill in this transaction, unless one is scheduled or running.
 * Resolves to whether it did.
 */
export async function scheduleFill(
  ctx: MutationCtx,
  judge: Judge,
  request: ScheduleRequest,
): Promise<boolean> {
  const reserved = await reserveFill(ctx, judge, request);
  if (reserved === null) return false;
  const { runner, token, args } = reserved;
  if (runner.kind === "component") {
    await ctx.scheduler.runAfter(0, internal.fills.run, reserved);
  } else {
    const refresher = runner.refresher as FunctionHandle<"action">;
    await ctx.scheduler.runAfter(0, refresher, { token, args });
  }
  return true;
}

/** Reserves a fill for whoever is to run it; null if one is scheduled or running. */
export async function reserveFill(
  ctx: MutationCtx,
  judge: Judge,
  request: ScheduleRequest,
): Promise<Reserved | null> {
  const lease = await findLease(ctx, request);
  if (!request.force) {
    if (lease !== null && (await isHeld(judge, lease, request))) return null;
    if (request.seen !== undefined && (await entrySince(ctx, judge, request)) !== null) return null;
    if (request.failures && (await failsNow(ctx, judge, request)) !== null) return null;
  }
  const { name, key, tenant, args, runner } = request;
  const inline = fitsDocument(args, MAX_DOCUMENT_BYTES - MAX_SCHEDULED_BYTES);
  const lapsed = lease?.state === "scheduled" && !request.force ? lease : null;
  if (lapsed !== null && (await judge.isAlive(startOfFill(lapsed, request)))) {
    // Scheduled once more under the same token, so that whichever run comes first
    // begins: were it replaced, a queue slower than a lease would let none begin.
    await holdLease(ctx, lapsed);
    return { token: lapsed._id, name, key, tenant, args: inline ? args : null, runner };
  }
  const token = await takeLease(ctx, request, lease, {
    state: "scheduled",
    ...(inline ? {} : await saveArgs(ctx, args)),
  });
  return { token, name, key, tenant, args: inline ? args : null, runner };
}

async function saveArgs(ctx: MutationCtx, args: Value) {
  const { parts: argsParts, partsBytes: argsBytes } = await saveParts(ctx, args);
  return { argsParts, argsBytes };
}

/** What a scheduled fill is given when it begins: its arguments, where they were stored for it. */
export type Begun = { args: Carried | null; tenant?: string };

/**
 * Begins a scheduled fill, which counts from now; null if it was voided or
 * replaced meanwhile.
 */
export async function beginFill(
  ctx: MutationCtx,
  judge: Judge,
  id: string,
  name: string,
): Promise<Begun | null> {
  const token = ctx.db.normalizeId("fills", id);
  const fill = token && (await ctx.db.get("fills", token));
  if (fill?.state !== "scheduled" || fill.name !== name) return null;
  const { tenant } = fill;
  if (!(await judge.isAlive(startOfFill(fill, { name, tenant })))) {
    await endFill(ctx, fill, { state: "voided" });
    return null;
  }
  const deadline = Date.now() + LEASE_MS;
  await ctx.db.patch("fills", fill._id, {
    state: "running",
    startedAt: ctx.db.vars.commitTs,
    deadline,
    purgeAt: deadline + OUTCOME_MS,
    argsParts: undefined,
    argsBytes: undefined,
  });
  if (fill.argsParts === undefined) return { args: null, tenant };
  const args = await loadParts(ctx, fill.argsParts);
  await deleteParts(ctx, fill.argsParts);
  return args === undefined ? null : { args: carry(args), tenant };
}
