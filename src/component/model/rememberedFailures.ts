import type { Infer } from "convex/values";
import type { CarriedError } from "../../shared/failures.js";
import { OUTCOME_MS } from "../../shared/leaseTimes.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { carriedError, rememberedFailure } from "../validators.js";
import { packError, unpackError } from "./storedErrors.js";
import type { Place } from "./entries.js";
import { type Judge, startOfFill } from "./judge.js";
import { endFill, slotOf } from "./leases.js";

export type RememberedFailure = Infer<typeof rememberedFailure>;

/** Ends a fill whose action threw; `errorTtl` is how long that is remembered, in ms. */
export async function failFill(
  ctx: MutationCtx,
  place: Place,
  fill: Doc<"fills">,
  error: Infer<typeof carriedError>,
  errorTtl: number,
): Promise<void> {
  if (errorTtl > 0) await forgetFailure(ctx, place);
  await endFill(ctx, fill, {
    state: "failed",
    error: packError(error),
    ...(errorTtl > 0 && {
      failedSlot: fill.slot,
      failedUntil: Date.now() + errorTtl,
      purgeAt: Date.now() + Math.max(errorTtl, OUTCOME_MS),
    }),
  });
}

/** The failure of an entry's last fill, if it is remembered and not invalidated; the caller judges its time. */
export async function findFailure(
  ctx: QueryCtx,
  judge: Judge,
  place: Place,
): Promise<RememberedFailure | null> {
  const fill = await failedFill(ctx, place);
  if (fill?.error === undefined || fill.failedUntil === undefined) return null;
  if (!(await judge.isAlive(startOfFill(fill, place)))) return null;
  return { error: unpackError(fill.error), until: fill.failedUntil };
}

/** The error of an entry's last fill, while it is remembered. */
export async function failsNow(
  ctx: QueryCtx,
  judge: Judge,
  place: Place,
): Promise<CarriedError | null> {
  const failure = await findFailure(ctx, judge, place);
  return failure !== null && Date.now() < failure.until ? failure.error : null;
}

/** Forgets an entry's failure, if one is remembered. */
export async function forgetFailure(ctx: MutationCtx, place: Place): Promise<void> {
  const fill = await failedFill(ctx, place);
  if (fill !== null) await ctx.db.patch("fills", fill._id, { failedSlot: undefined });
}

async function failedFill(ctx: QueryCtx, place: Place): Promise<Doc<"fills"> | null> {
  const slot = await slotOf(place);
  return await ctx.db
    .query("fills")
    .withIndex("failedSlot", (q) => q.eq("failedSlot", slot))
    .first();
}
