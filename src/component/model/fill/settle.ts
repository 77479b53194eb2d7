import type { EntryKey, FillResult, Settlement } from "../../../shared/protocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { discardEntry, earlier, expiryFromNow, findRow, insertEntry } from "../entry/rows.js";
import { compareCommits } from "../invalidation/commitOrder.js";
import { startOfEntry, startOfFill, Validity } from "../invalidation/validity.js";
import { failFill, forgetFailure, rememberFailure } from "./failures.js";
import { endFill, leaseKeyOf } from "./lease.js";

/** Ends a fill: stores its value, unless it lost its lease, was invalidated, or a later one is stored. */
export async function settle(
  ctx: MutationCtx,
  entryKey: EntryKey,
  token: string,
  result: FillResult,
): Promise<Settlement> {
  const id = ctx.db.normalizeId("fills", token);
  const fill = id && (await ctx.db.get("fills", id));
  const holds = fill?.state === "running" && fill.leaseKey === (await leaseKeyOf(entryKey));
  if (!holds) {
    const again = fill?.state === "voided" && fill.reliedOnAt !== undefined;
    return result.kind === "value" || again ? { kind: "rejected", again } : { kind: "none" };
  }
  switch (result.kind) {
    case "skipped":
      await rememberFailure(ctx, entryKey, fill, { retryMs: result.retryMs });
      await endFill(ctx, fill, { state: "skipped" });
      return { kind: "none" };
    case "failed":
      await failFill(ctx, entryKey, fill, result);
      return { kind: "none" };
    case "value":
      return await store(ctx, entryKey, fill, result);
  }
}

async function store(
  ctx: MutationCtx,
  entryKey: EntryKey,
  fill: Doc<"fills">,
  { kind: _, ttl, ...options }: Extract<FillResult, { kind: "value" }>,
): Promise<Settlement> {
  const validity = new Validity(ctx);
  const start = startOfFill(fill, { ...entryKey, tags: options.tags });
  const previous = (await findRow(ctx, entryKey)) ?? (await legacyRow(ctx, fill));
  const isOlder = fill.isOutdated || compareCommits(previous?.startedAt, fill.startedAt) > 0;
  const { valid, expiredAt } = await validity.of(start);
  if (isOlder || !valid) {
    await endFill(ctx, fill, { state: "rejected" });
    const { reliedOnAt } = fill;
    const again =
      !valid &&
      reliedOnAt !== undefined &&
      (await validity.isValid({ ...start, startedAt: reliedOnAt }));
    return { kind: "rejected", again };
  }
  await endFill(ctx, fill, { state: "stored" });
  const replaces = previous !== null && (await validity.isValid(startOfEntry(previous)));
  if (previous !== null) await discardEntry(ctx, previous);
  await forgetFailure(ctx, entryKey, fill.startedAt);
  const { name, key, tenant } = entryKey;
  const expiresAt = earlier(expiryFromNow(ttl), fill.expiredAt ?? null);
  await insertEntry(ctx, {
    name,
    key,
    tenant,
    ...options,
    expiresAt,
    startedAt: fill.startedAt,
    token: fill._id,
  });
  return {
    kind: replaces ? "replaced" : "created",
    createdAt: Date.now(),
    expiresAt: earlier(expiresAt, expiredAt),
    expired: fill.expiredAt !== undefined || expiredAt !== null,
  };
}

/** The entry of 0.3.1 that the fill saw under another key when it was claimed. */
async function legacyRow(ctx: MutationCtx, fill: Doc<"fills">): Promise<Doc<"values"> | null> {
  return fill.legacyEntry === undefined ? null : await ctx.db.get("values", fill.legacyEntry);
}
