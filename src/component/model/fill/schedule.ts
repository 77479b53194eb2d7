import { getConvexSize, type Value } from "convex/values";
import type { FunctionHandle } from "convex/server";
import { MAX_SCHEDULED_BYTES } from "../../../shared/limits.js";
import type { BeginResult, ReservedFill, ScheduleRequest } from "../../../shared/fillProtocol.js";
import type { Wire } from "../../../shared/protocol.js";
import { jsonOf } from "../../../shared/wire.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { deleteParts, loadParts, saveParts } from "../entry/content.js";
import { startOfFill, type Validity } from "../invalidation/validity.js";
import { entrySince } from "./claim.js";
import { awaitsRetry } from "./failures.js";
import { renewedNow } from "../lease.js";
import { endFill, findLease, isHeld, takeLease } from "./lease.js";

/**
 * Schedules a fill in this transaction, unless one is scheduled or running.
 * Resolves to whether it did.
 */
export async function scheduleFill(
  ctx: MutationCtx,
  validity: Validity,
  request: ScheduleRequest,
): Promise<boolean> {
  const reserved = await reserveFill(ctx, validity, request);
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

/** Reserves a fill for whoever is to run it; null if one is scheduled or running, or none is due. */
export async function reserveFill(
  ctx: MutationCtx,
  validity: Validity,
  request: ScheduleRequest,
): Promise<ReservedFill | null> {
  const lease = await findLease(ctx, request);
  const isAskedFor = request.failures === undefined;
  if (!request.force) {
    if (lease !== null && (await isHeld(validity, lease, request))) {
      if (isAskedFor) await relyOn(ctx, lease);
      return null;
    }
    if (request.seen !== undefined && (await entrySince(ctx, validity, request)) !== null) {
      return null;
    }
    if (!isAskedFor && (await awaitsRetry(ctx, validity, request))) return null;
  }
  const { name, key, tenant, runner } = request;
  const inline = inlineArgs(request.args);
  const reserved = { name, key, tenant, args: inline ?? null, runner };
  const lapsed = lease?.state === "scheduled" && !request.force ? lease : null;
  if (lapsed !== null && (await validity.isValid(startOfFill(lapsed, request)))) {
    // Scheduled once more under the same token, so that whichever run comes first
    // begins: were it replaced, a queue slower than a lease would let none begin.
    await ctx.db.patch("fills", lapsed._id, {
      ...renewedNow(lapsed),
      startedAt: ctx.db.vars.commitTs,
      ...(inline === undefined &&
        lapsed.argsParts === undefined &&
        (await saveArgs(ctx, request.args))),
    });
    return { token: lapsed._id, ...reserved };
  }
  const token = await takeLease(ctx, request, lease, {
    state: "scheduled",
    ...(request.figures && { figures: request.name, counts: {} }),
    ...(inline === undefined && (await saveArgs(ctx, request.args))),
  });
  return { token, ...reserved };
}

/**
 * Lets a refresh rely on a fill that is scheduled or runs already. It counts as of
 * this transaction, so that a removal in it, before or after, does not undo it.
 */
async function relyOn(ctx: MutationCtx, lease: Doc<"fills">): Promise<void> {
  const now = ctx.db.vars.commitTs;
  const isScheduled = lease.state === "scheduled";
  await ctx.db.patch("fills", lease._id, isScheduled ? { startedAt: now } : { reliedOnAt: now });
}

/** Arguments that are scheduled together with their fill; undefined where they are too large. */
function inlineArgs(args: Wire): Value | undefined {
  const isInline = "value" in args && getConvexSize(args.value) <= MAX_SCHEDULED_BYTES;
  return isInline ? args.value : undefined;
}

async function saveArgs(ctx: MutationCtx, args: Wire) {
  const { parts: argsParts, partsBytes: argsBytes } = await saveParts(ctx, jsonOf(args));
  return { argsParts, argsBytes };
}

/** Begins a scheduled fill, which counts from now. */
export async function beginFill(
  ctx: MutationCtx,
  validity: Validity,
  token: string,
  name: string,
): Promise<BeginResult> {
  const id = ctx.db.normalizeId("fills", token);
  const fill = id && (await ctx.db.get("fills", id));
  if (fill?.state !== "scheduled") return { kind: "gone" };
  if (fill.name !== name) {
    // Given up, so that the next reader can have it filled.
    await endFill(ctx, fill, { state: "voided" });
    return { kind: "foreign", name: fill.name };
  }
  const { tenant } = fill;
  if (!(await validity.isValid(startOfFill(fill, { name, tenant })))) {
    await endFill(ctx, fill, { state: "voided" });
    return { kind: "gone" };
  }
  await ctx.db.patch("fills", fill._id, {
    ...renewedNow(fill),
    state: "running",
    startedAt: ctx.db.vars.commitTs,
    beganAt: Date.now(),
    argsParts: undefined,
    argsBytes: undefined,
  });
  return await takeArgs(ctx, fill.argsParts, tenant);
}

async function takeArgs(
  ctx: MutationCtx,
  parts: Id<"parts">[] | undefined,
  tenant: string | undefined,
): Promise<BeginResult> {
  if (parts === undefined) return { kind: "begun", args: null, tenant };
  const json = await loadParts(ctx, parts);
  await deleteParts(ctx, parts);
  return json === undefined ? { kind: "gone" } : { kind: "begun", args: { json }, tenant };
}
