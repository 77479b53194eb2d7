import { uncarry } from "../../shared/carry.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { FillResult, SettledFill } from "../validators.js";
import { compareCommits } from "./commitOrder.js";
import {
  deleteEntry,
  earlier,
  expiryFromNow,
  findRow,
  insertEntry,
  type Place,
} from "./entries.js";
import { failFill, forgetFailure } from "./rememberedFailures.js";
import { Judge, startOfEntry, startOfFill } from "./judge.js";
import { endFill, slotOf } from "./leases.js";

/** Ends a fill: stores its value, unless it lost its lease, was invalidated, or a later one is stored. */
export async function settle(
  ctx: MutationCtx,
  place: Place,
  token: Id<"fills">,
  result: FillResult,
): Promise<SettledFill> {
  const fill = await ctx.db.get("fills", token);
  const holds = fill?.state === "running" && fill.slot === (await slotOf(place));
  if (!holds) return { kind: result.kind === "value" ? "rejected" : "none" };
  switch (result.kind) {
    case "skipped":
      await endFill(ctx, fill, { state: "skipped" });
      return { kind: "none" };
    case "failed":
      await failFill(ctx, place, fill, result.error, result.errorTtl);
      return { kind: "none" };
    case "value":
      return await store(ctx, place, fill, result);
  }
}

async function store(
  ctx: MutationCtx,
  place: Place,
  fill: Doc<"fills">,
  result: Extract<FillResult, { kind: "value" }>,
): Promise<SettledFill> {
  const judge = new Judge(ctx);
  const previous = (await findRow(ctx, place)) ?? (await legacyRow(ctx, fill));
  const tooLate =
    compareCommits(previous?.startedAt, fill.startedAt) > 0 ||
    !(await judge.isAlive(startOfFill(fill, { ...place, tags: result.tags })));
  await endFill(ctx, fill, { state: tooLate ? "rejected" : "stored" });
  if (tooLate) return { kind: "rejected" };

  const replaces = previous !== null && (await judge.isAlive(startOfEntry(previous)));
  if (previous !== null) await deleteEntry(ctx, previous);
  if (result.failures) await forgetFailure(ctx, place);
  const expiresAt = earlier(expiryFromNow(result.ttl), fill.expiredAt ?? null);
  await insertEntry(ctx, {
    name: place.name,
    key: place.key,
    tenant: place.tenant,
    tags: result.tags,
    origin: result.origin,
    value: uncarry(result.content),
    expiresAt,
    retain: result.retain,
    fillMs: result.fillMs,
    startedAt: fill.startedAt,
    token: fill._id,
  });
  return { kind: replaces ? "replaced" : "created", createdAt: Date.now(), expiresAt };
}

/** The entry of 0.3.1 that the fill found under another key when it was claimed. */
async function legacyRow(ctx: MutationCtx, fill: Doc<"fills">): Promise<Doc<"values"> | null> {
  return fill.legacyEntry === undefined ? null : await ctx.db.get("values", fill.legacyEntry);
}
