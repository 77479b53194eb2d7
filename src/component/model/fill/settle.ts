import type { FillResult, Settlement } from "../../../shared/fillProtocol.js";
import type { EntryKey } from "../../../shared/protocol.js";
import type { Counts } from "../../../shared/statsProtocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { earlier, expiryFromNow, findRow, replaceEntry } from "../entry/rows.js";
import { compareCommits } from "../invalidation/commitOrder.js";
import {
  type Started,
  startOfEntry,
  startOfFill,
  Validity,
  type ValidityOf,
} from "../invalidation/validity.js";
import { failFill, forgetFailure, rememberFailure } from "./failures.js";
import { leaseKeyOf } from "../leaseKey.js";
import { endOf, sum } from "../stats/counts.js";
import { record, recordOnFill } from "../stats/record.js";
import { endFill } from "./lease.js";

/** Ends a fill: stores its value, unless it lost its lease, was invalidated, or a later one is stored. */
export async function settle(
  ctx: MutationCtx,
  entryKey: EntryKey,
  token: string,
  result: FillResult,
  figures: boolean | undefined,
): Promise<Settlement> {
  const id = ctx.db.normalizeId("fills", token);
  const fill = id && (await ctx.db.get("fills", id));
  const holds = fill?.state === "running" && fill.leaseKey === (await leaseKeyOf(entryKey));
  if (!holds) {
    if (figures) await countLate(ctx, entryKey, fill, endOf(result, false));
    const again = fill?.state === "voided" && fill.reliedOnAt !== undefined;
    return { kind: result.kind === "value" ? "rejected" : "none", again };
  }
  const tags = result.kind === "value" ? result.tags : undefined;
  const start = startOfFill(fill, { ...entryKey, tags });
  const validity = new Validity(ctx);
  const again = await isDueAgain(validity, fill, start);
  switch (result.kind) {
    case "skipped":
      await rememberFailure(ctx, entryKey, fill, { retryMs: result.retryMs });
      await endFill(ctx, fill, {
        state: "skipped",
        ...(await recordOnFill(ctx, fill, entryKey, endOf(result, false))),
      });
      return { kind: "none", again };
    case "failed":
      await failFill(ctx, entryKey, fill, result);
      return { kind: "none", again };
    case "value": {
      // A success ends the memory of an earlier failure, whatever becomes of its value.
      await forgetFailure(ctx, entryKey, fill.startedAt);
      const stored = await store(ctx, validity, entryKey, fill, start, result);
      return { ...stored, again };
    }
  }
}

/**
 * Whether a refresh that relied on this fill is to be run after all: what has made
 * the fill's value invalid or stale since it began is no later than that refresh.
 */
async function isDueAgain(
  validity: Validity,
  fill: Doc<"fills">,
  start: Started,
): Promise<boolean> {
  const { reliedOnAt, isOutdated, expiredAt } = fill;
  if (reliedOnAt === undefined) return false;
  if (isOutdated || expiredAt !== undefined) return true;
  const byNow = await validity.of(start);
  const byThen = await validity.of({ ...start, startedAt: reliedOnAt });
  const isFresh = ({ valid, expiredAt }: ValidityOf) => valid && expiredAt === null;
  return !isFresh(byNow) && isFresh(byThen);
}

async function store(
  ctx: MutationCtx,
  validity: Validity,
  entryKey: EntryKey,
  fill: Doc<"fills">,
  start: Started,
  result: Extract<FillResult, { kind: "value" }>,
): Promise<DistributiveOmit<Settlement, "again">> {
  const previous = (await findRow(ctx, entryKey)) ?? (await legacyRow(ctx, fill));
  const isOlder = fill.isOutdated || compareCommits(previous?.startedAt, fill.startedAt) > 0;
  const { valid, expiredAt } = await validity.of(start);
  if (isOlder || !valid) {
    const counted = await recordOnFill(ctx, fill, entryKey, endOf(result, false));
    await endFill(ctx, fill, { state: "rejected", ...counted });
    return { kind: "rejected" };
  }
  const replaces = previous !== null && (await validity.isValid(startOfEntry(previous)));
  const { name, key, tenant } = entryKey;
  const { kind: _, ttl, ...options } = result;
  const expiresAt = earlier(expiryFromNow(ttl), fill.expiredAt ?? null);
  const stored = await replaceEntry(ctx, previous, {
    name,
    key,
    tenant,
    ...options,
    expiresAt,
    startedAt: fill.startedAt,
    token: fill._id,
  });
  const counts = sum(endOf(result, true), stored);
  const counted = await recordOnFill(ctx, fill, entryKey, counts);
  await endFill(ctx, fill, { state: "stored", ...counted });
  return {
    kind: replaces ? "replaced" : "created",
    createdAt: Date.now(),
    expiresAt: earlier(expiresAt, expiredAt),
    expired: fill.expiredAt !== undefined || expiredAt !== null,
  };
}

/** Counts a fill that ended after it had lost its lease: on its row, while that stands. */
async function countLate(
  ctx: MutationCtx,
  entryKey: EntryKey,
  fill: Doc<"fills"> | null,
  counts: Counts,
): Promise<void> {
  if (fill === null) await record(ctx, entryKey, counts);
  else if (fill.state === "replaced" || fill.state === "voided") {
    await ctx.db.patch("fills", fill._id, await recordOnFill(ctx, fill, entryKey, counts));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The entry of 0.3.1 that the fill saw under another key when it was claimed. */
async function legacyRow(ctx: MutationCtx, fill: Doc<"fills">): Promise<Doc<"values"> | null> {
  return fill.legacyEntry === undefined ? null : await ctx.db.get("values", fill.legacyEntry);
}
