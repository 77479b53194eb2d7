import type { ObjectType } from "convex/values";
import { expiryFor, orNever } from "../../../shared/freshness.js";
import type { Explained, explainRequest } from "../../../shared/inspectProtocol.js";
import { unwrap } from "../../../shared/key.js";
import type { EntryKey } from "../../../shared/protocol.js";
import type { QueryCtx } from "../../_generated/server.js";
import { loadContent, sizeOfEntry } from "../entry/content.js";
import { earlier, expiryOf, findRow, residencyOf } from "../entry/rows.js";
import { findFailure } from "../fill/failures.js";
import { findLease } from "../fill/lease.js";
import { leaseKeyOf } from "../leaseKey.js";
import { momentOf, startOfEntry, startOfFill, Validity } from "../invalidation/validity.js";
import { describeFill, describeInvalidation } from "./recent.js";

type Request = ObjectType<typeof explainRequest>;

/**
 * All that decides whether a fetch is a hit, but for the time. The parts of a large
 * value are read only `withContent`.
 */
export async function explainCall(
  ctx: QueryCtx,
  { read, withContent, ...entryKey }: Request,
): Promise<Explained> {
  const validity = new Validity(ctx);
  const row = await findRow(ctx, entryKey);
  const failure = read.errorTtl > 0 ? await findFailure(ctx, validity, entryKey) : null;
  const rest = {
    key: unwrap(entryKey.key),
    fill: await explainFill(ctx, validity, entryKey),
    failure: failure && { message: failure.error.message, until: failure.until },
  };
  if (row === null) {
    const clear = await validity.latestUnder(entryKey);
    const invalidatedBy = clear && describeInvalidation(clear);
    const evicted = await evictionOf(ctx, entryKey);
    return { ...rest, tags: [], entry: null, expiresAt: null, invalidatedBy, evicted };
  }
  const content = withContent ? await loadContent(ctx, row) : undefined;
  const { removal, expiry } = await validity.causes(startOfEntry(row));
  const cause = removal ?? expiry;
  const createdAt = Math.floor(row._creationTime);
  const expiresAt = earlier(await expiryOf(ctx, row), expiry && momentOf(expiry));
  const residency = await residencyOf(ctx, row);
  const end = expiryFor({ createdAt, expiresAt, residency }, read);
  return {
    ...rest,
    tags: row.tags ?? [],
    entry: {
      createdAt,
      staleUntil: orNever(end + read.staleWhileRevalidate),
      staleIfErrorUntil: orNever(end + read.staleIfError),
      bytes: sizeOfEntry(row),
      fillMs: row.fillMs ?? null,
      readAt: residency?.readAt ?? null,
      idleAt: orNever((residency?.readAt ?? Infinity) + (read.idleTtl ?? Infinity)),
      unusable: withContent && content === undefined ? "incomplete" : null,
    },
    expiresAt: orNever(end),
    invalidatedBy: cause && describeInvalidation(cause),
    evicted: null,
    content,
  };
}

async function evictionOf(ctx: QueryCtx, entryKey: EntryKey): Promise<Explained["evicted"]> {
  const leaseKey = await leaseKeyOf(entryKey);
  const last = await ctx.db
    .query("evictions")
    .withIndex("leaseKey", (q) => q.eq("leaseKey", leaseKey))
    .order("desc")
    .first();
  return last && { reason: last.reason, at: Math.floor(last._creationTime) };
}

async function explainFill(
  ctx: QueryCtx,
  validity: Validity,
  entryKey: EntryKey,
): Promise<Explained["fill"]> {
  const lease = await findLease(ctx, entryKey);
  if (lease === null || !(await validity.isValid(startOfFill(lease, entryKey)))) return null;
  return describeFill(lease);
}
