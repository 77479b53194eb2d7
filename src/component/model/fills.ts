import { digest } from "../../shared/key.js";
import { LEASE_MS, OUTCOME_MS } from "../../shared/lease.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Content, Entry, FillStatus } from "../validators.js";
import { compareCommits } from "./commitOrder.js";
import {
  deleteEntry,
  findLegacyRow,
  findRow,
  insertEntry,
  loadEntry,
  metadataOfId,
  type Place,
} from "./entries.js";
import { type Judge, startOfEntry, startOfFill } from "./invalidations.js";

/** What a claim is answered with. */
export type Claimed =
  | { kind: "granted"; token: Id<"fills"> }
  | { kind: "held"; token: Id<"fills">; deadline: number; since: number }
  | { kind: "found"; entry: Entry };

/** Names an entry while it is filled: short and of one size, so that a lease is a small row. */
export const slotOf = (place: Place) => digest([place.name, place.key]);

/** The fill that holds an entry's lease, lapsed or not. */
export async function findLease(ctx: QueryCtx, place: Place): Promise<Doc<"fills"> | null> {
  const slot = await slotOf(place);
  return await ctx.db
    .query("fills")
    .withIndex("slot", (q) => q.eq("slot", slot))
    .first();
}

/**
 * Claims the right to fill an entry.
 *
 * `seen` is the entry that the caller looked at and found wanting: one that has
 * come since is handed to it instead. `force` asks for the lease whatever is
 * stored or running.
 */
export async function claim(
  ctx: MutationCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values">; force: boolean },
): Promise<Claimed> {
  const lease = await findLease(ctx, request);
  if (!request.force) {
    const entry = await entrySince(ctx, judge, request);
    if (entry !== null) return { kind: "found", entry };
    if (lease !== null && lease.deadline > Date.now()) {
      if (await judge.isAlive(startOfFill(lease, request.name))) return heldBy(lease);
    }
  }
  const token = await ctx.db.insert("fills", {
    slot: await slotOf(request),
    state: "running",
    startedAt: ctx.db.vars.commitTs,
    deadline: Date.now() + LEASE_MS,
    legacyEntry: (await findLegacyRow(ctx, request))?._id,
    purgeAt: Date.now() + LEASE_MS + OUTCOME_MS,
  });
  if (lease !== null) await end(ctx, lease, { state: "replaced", successor: token });
  return { kind: "granted", token };
}

const heldBy = (lease: Doc<"fills">): Claimed => ({
  kind: "held",
  token: lease._id,
  deadline: lease.deadline,
  since: Math.floor(lease._creationTime),
});

/** The living entry, if it is another than the one that was seen. */
async function entrySince(
  ctx: QueryCtx,
  judge: Judge,
  request: Place & { seen?: Id<"values"> },
): Promise<Entry | null> {
  const { seen } = request;
  // An entry is deleted together with its metadata: if that still stands, the
  // entry is the one that was seen, and its value need not be read to know it.
  if (seen !== undefined && (await metadataOfId(ctx, seen)) !== null) return null;
  const row = await findRow(ctx, request);
  if (row === null || row._id === seen || !(await judge.isAlive(startOfEntry(row)))) return null;
  return await loadEntry(ctx, row);
}

/** Moves the deadline of a lease that is still held. */
export async function extendLease(ctx: MutationCtx, token: Id<"fills">): Promise<boolean> {
  const fill = await ctx.db.get("fills", token);
  if (fill?.state !== "running") return false;
  const deadline = Date.now() + LEASE_MS;
  await ctx.db.patch("fills", token, {
    deadline,
    purgeAt: deadline + OUTCOME_MS,
  });
  return true;
}

/** How a fill ended, as its holder reports it. */
export type Result =
  | { kind: "value"; content: Content; ttl: number | null; fillMs: number }
  | { kind: "skipped" }
  | { kind: "failed"; error: NonNullable<Doc<"fills">["error"]> };

/** What became of a fill's value. */
export type Settled = "created" | "replaced" | "rejected" | "none";

/** Ends a fill: stores its value, unless it lost its lease, was invalidated, or a later one is stored. */
export async function settle(
  ctx: MutationCtx,
  judge: Judge,
  place: Place,
  fill: Doc<"fills"> | null,
  result: Result,
): Promise<Settled> {
  if (fill?.state !== "running") return result.kind === "value" ? "rejected" : "none";
  if (result.kind === "skipped") {
    await end(ctx, fill, { state: "skipped" });
    return "none";
  }
  if (result.kind === "failed") {
    await end(ctx, fill, { state: "failed", error: result.error });
    return "none";
  }
  const previous = await findRow(ctx, place);
  const tooLate =
    compareCommits(previous?.startedAt, fill.startedAt) > 0 ||
    !(await judge.isAlive(startOfFill(fill, place.name)));
  await end(ctx, fill, { state: tooLate ? "rejected" : "stored" });
  if (tooLate) return "rejected";

  const replaces = previous !== null && (await judge.isAlive(startOfEntry(previous)));
  if (previous !== null) await deleteEntry(ctx, previous);
  await deleteLegacyEntry(ctx, fill);
  await insertEntry(ctx, {
    name: place.name,
    key: place.key,
    content: result.content,
    ttl: result.ttl,
    fillMs: result.fillMs,
    startedAt: fill.startedAt,
    token: fill._id,
  });
  return replaces ? "replaced" : "created";
}

async function deleteLegacyEntry(ctx: MutationCtx, fill: Doc<"fills">): Promise<void> {
  if (fill.legacyEntry === undefined) return;
  const row = await ctx.db.get("values", fill.legacyEntry);
  if (row !== null) await deleteEntry(ctx, row);
}

/** Voids the running fill of an entry: its value will not be stored, nor shared. */
export async function voidFill(ctx: MutationCtx, place: Place): Promise<void> {
  const lease = await findLease(ctx, place);
  if (lease !== null) await end(ctx, lease, { state: "voided" });
}

async function end(
  ctx: MutationCtx,
  fill: Doc<"fills">,
  how: Pick<Doc<"fills">, "state" | "successor" | "error">,
): Promise<void> {
  await ctx.db.patch("fills", fill._id, {
    slot: undefined,
    purgeAt: Date.now() + OUTCOME_MS,
    ...how,
  });
}

/** What those who wait for a fill need to know, without the clock. */
export function statusOf(fill: Doc<"fills">): FillStatus {
  const { state, deadline, successor, error } = fill;
  return { state, deadline, successor, error };
}
