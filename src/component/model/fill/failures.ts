import { MIN_RETRY_MS } from "../../../shared/leaseTimes.js";
import type { FillResult } from "../../../shared/fillProtocol.js";
import type { EntryKey, Failure, WireError } from "../../../shared/protocol.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { compareCommits, type CommitTs } from "../invalidation/commitOrder.js";
import { startOfFill, type Validity } from "../invalidation/validity.js";
import { leaseKeyOf } from "../leaseKey.js";
import { endOf } from "../stats/counts.js";
import { recordOnFill } from "../stats/record.js";
import { endFill } from "./lease.js";

/** Ends a fill whose action threw; `errorTtl` is how long that is rethrown, in ms. */
export async function failFill(
  ctx: MutationCtx,
  entryKey: EntryKey,
  fill: Doc<"fills">,
  result: Extract<FillResult, { kind: "failed" }>,
): Promise<void> {
  const { error, errorTtl, retryMs } = result;
  const rethrown = errorTtl > 0 ? { error, until: Date.now() + errorTtl } : {};
  // Readers of a cache that rethrows wait for `until`; those of another need not.
  const forAll = errorTtl > 0 ? Math.min(retryMs, MIN_RETRY_MS) : retryMs;
  // A value that was put while it ran is later than the failure.
  if (!fill.isOutdated) {
    await rememberFailure(ctx, entryKey, fill, { ...rethrown, retryMs: forAll });
  }
  const counted = await recordOnFill(ctx, fill, entryKey, endOf(result, false));
  await endFill(ctx, fill, { state: "failed", error, ...counted });
}

/**
 * Remembers that a fill failed, or stored nothing, in place of what was
 * remembered of its entry; nothing at all, where that has no consequences.
 */
export async function rememberFailure(
  ctx: MutationCtx,
  entryKey: EntryKey,
  fill: Doc<"fills">,
  { error, until, retryMs }: { error?: WireError; until?: number; retryMs: number },
): Promise<void> {
  await forgetFailure(ctx, entryKey);
  const now = Date.now();
  const retryAt = now + retryMs;
  const deadline = Math.max(retryAt, until ?? now);
  if (deadline <= now) return;
  await ctx.db.insert("failures", {
    leaseKey: await leaseKeyOf(entryKey),
    name: entryKey.name,
    tenant: entryKey.tenant,
    startedAt: fill.startedAt,
    beganAt: fill.beganAt ?? fill._creationTime,
    error,
    until,
    retryAt,
    deadline: deadline === Infinity ? now + FOREVER_MS : deadline,
  });
}

/** For an `errorTtl` that never ends: about 300 years, which is still a number to compare with. */
const FOREVER_MS = 1e13;

/** The failure of an entry's last fill, if it is rethrown and not invalidated; the caller looks at its time. */
export async function findFailure(
  ctx: QueryCtx,
  validity: Validity,
  entryKey: EntryKey,
): Promise<Failure | null> {
  const row = await findValidFailure(ctx, validity, entryKey);
  if (row?.error === undefined || row.until === undefined) return null;
  return { error: row.error, until: row.until };
}

/** The error of an entry's last fill, while it is rethrown. */
export async function failureNow(
  ctx: QueryCtx,
  validity: Validity,
  entryKey: EntryKey,
): Promise<WireError | null> {
  const failure = await findFailure(ctx, validity, entryKey);
  return failure !== null && Date.now() < failure.until ? failure.error : null;
}

/**
 * Whether a failure, or a refresh that stored nothing, still keeps readers from
 * having the entry filled in the background.
 */
export async function awaitsRetry(
  ctx: QueryCtx,
  validity: Validity,
  request: EntryKey & { failures?: boolean },
): Promise<boolean> {
  const row = await findValidFailure(ctx, validity, request);
  if (row === null) return false;
  return Date.now() < Math.max(row.retryAt, request.failures ? (row.until ?? 0) : 0);
}

/** Forgets an entry's failure, if one is remembered; with `startedAt`, one that began before that. */
export async function forgetFailure(
  ctx: MutationCtx,
  entryKey: EntryKey,
  startedAt?: CommitTs,
): Promise<void> {
  const row = await failureOf(ctx, entryKey);
  if (row === null) return;
  if (startedAt !== undefined && compareCommits(row.startedAt, startedAt) > 0) return;
  await ctx.db.delete("failures", row._id);
}

async function findValidFailure(ctx: QueryCtx, validity: Validity, entryKey: EntryKey) {
  const row = await failureOf(ctx, entryKey);
  if (row === null || !(await validity.isValid(startOfFill(row, entryKey)))) return null;
  return row;
}

async function failureOf(ctx: QueryCtx, entryKey: EntryKey): Promise<Doc<"failures"> | null> {
  const leaseKey = await leaseKeyOf(entryKey);
  return await ctx.db
    .query("failures")
    .withIndex("leaseKey", (q) => q.eq("leaseKey", leaseKey))
    .first();
}
