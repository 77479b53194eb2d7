import type { FillResult, Settlement, SettleRequest } from "../../../shared/fillProtocol.js";
import type { EntryKey } from "../../../shared/protocol.js";
import type { Counts } from "../../../shared/statsProtocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { holdsSame } from "../entry/content.js";
import { earlier, findRow } from "../entry/rows.js";
import { renewEntry, replaceEntry } from "../entry/store.js";
import { compareCommits } from "../invalidation/commitOrder.js";
import {
  type Started,
  startOfEntry,
  startOfFill,
  type Validity,
  type ValidityOf,
} from "../invalidation/validity.js";
import { freshUntil } from "../entry/ttl.js";
import { failFill, forgetFailure, rememberFailure } from "./failures.js";
import { leaseKeyOf } from "../leaseKey.js";
import { endOf, sum } from "../stats/counts.js";
import { record, recordOnFill } from "../stats/record.js";
import { endFill } from "./lease.js";

/** Ends a fill: stores its value, unless it lost its lease, was invalidated, or a later one is stored. */
export async function settle(
  ctx: MutationCtx,
  validity: Validity,
  { token, result, figures, ...entryKey }: SettleRequest,
): Promise<Settlement> {
  const id = ctx.db.normalizeId("fills", token);
  const fill = id && (await ctx.db.get("fills", id));
  const holds = fill?.state === "running" && fill.leaseKey === (await leaseKeyOf(entryKey));
  if (!holds) {
    if (figures) await countLate(ctx, entryKey, fill, endOf(result, false));
    const again = fill?.state === "voided" && fill.reliedOnAt !== undefined;
    return { kind: result.kind === "value" ? "rejected" : "none", again };
  }
  if (result.kind === "value" || result.kind === "unmodified") {
    // A success ends the memory of an earlier failure, whatever becomes of its value.
    await forgetFailure(ctx, entryKey, fill.startedAt);
    const stored = (await findRow(ctx, entryKey)) ?? (await legacyRow(ctx, fill));
    const { tags } = result.kind === "value" ? result : (stored ?? {});
    const start = startOfFill(fill, { ...entryKey, tags });
    const again = await isDueAgain(validity, fill, start);
    return { ...(await store(ctx, validity, entryKey, fill, start, stored, result)), again };
  }
  const again = await isDueAgain(validity, fill, startOfFill(fill, entryKey));
  if (result.kind === "failed") await failFill(ctx, entryKey, fill, result);
  else {
    await rememberFailure(ctx, entryKey, fill, { retryMs: result.retryMs });
    const counted = await recordOnFill(ctx, fill, entryKey, endOf(result, false));
    await endFill(ctx, fill, { state: "skipped", ...counted });
  }
  return { kind: "none", again };
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

/** What a fill has to store: a value, or that the one which is stored is still that of now. */
type Storable = Extract<FillResult, { kind: "value" | "unmodified" }>;

async function store(
  ctx: MutationCtx,
  validity: Validity,
  entryKey: EntryKey,
  fill: Doc<"fills">,
  start: Started,
  stored: Doc<"values"> | null,
  result: Storable,
): Promise<DistributiveOmit<Settlement, "again">> {
  const isOlder = fill.isOutdated || compareCommits(stored?.startedAt, fill.startedAt) > 0;
  const { valid, expiredAt } = await validity.of(start);
  const replaces = stored !== null && (await validity.isValid(startOfEntry(stored)));
  // What was computed from an entry is no more valid than that.
  const isOfGone = result.previous !== undefined && !(replaces && stored._id === result.previous);
  if (isOlder || !valid || isOfGone) {
    const counted = await recordOnFill(ctx, fill, entryKey, endOf(result, false));
    await endFill(ctx, fill, { state: "rejected", ...counted });
    return { kind: "rejected" };
  }
  const replaced = replaces && {
    row: stored,
    isSame: async () =>
      result.kind === "unmodified" || (await holdsSame(ctx, stored, result.content)),
  };
  const freshTo = await freshUntil(ctx, result.ttl, replaced || null, fill._id);
  const expiresAt = earlier(freshTo, fill.expiredAt ?? null);
  const { retain, fillMs, tracking } = result;
  const { name, key, tenant } = entryKey;
  const life = { expiresAt, retain, fillMs, startedAt: fill.startedAt, token: fill._id };
  const entry = { name, key, tenant, tracking, ...life };
  const change =
    result.kind === "unmodified"
      ? await renewEntry(ctx, stored!, entry)
      : await replaceEntry(ctx, stored, { ...entry, ...contentOf(result) });
  const counts = sum(endOf(result, true), change);
  const counted = await recordOnFill(ctx, fill, entryKey, counts);
  await endFill(ctx, fill, { state: "stored", ...counted });
  return {
    kind: result.kind === "unmodified" ? "unmodified" : replaces ? "replaced" : "created",
    createdAt: Date.now(),
    expiresAt: earlier(expiresAt, expiredAt),
    expired: fill.expiredAt !== undefined || expiredAt !== null,
  };
}

const contentOf = ({ content, tags, recipe }: Extract<Storable, { kind: "value" }>) => ({
  content,
  tags,
  recipe,
});

/** Whether a fill lost its lease while it ran. */
const isLost = ({ state }: Doc<"fills">) => state === "replaced" || state === "voided";

/** Counts a fill that ended after it had lost its lease: on its row, while that stands. */
async function countLate(
  ctx: MutationCtx,
  entryKey: EntryKey,
  fill: Doc<"fills"> | null,
  counts: Counts,
): Promise<void> {
  if (fill === null) await record(ctx, entryKey, counts);
  else if (isLost(fill) && fill.counts?.fills === undefined) {
    await ctx.db.patch("fills", fill._id, await recordOnFill(ctx, fill, entryKey, counts));
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The entry of 0.3.1 that the fill saw under another key when it was claimed. */
async function legacyRow(ctx: MutationCtx, fill: Doc<"fills">): Promise<Doc<"values"> | null> {
  return fill.legacyEntry === undefined ? null : await ctx.db.get("values", fill.legacyEntry);
}
