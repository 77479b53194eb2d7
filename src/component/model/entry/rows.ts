import { getConvexSize, type Value } from "convex/values";
import type { Entry, EntryKey, Recipe, Tracking, Wire } from "../../../shared/protocol.js";
import type { Counts } from "../../../shared/statsProtocol.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import type { CommitTs } from "../invalidation/commitOrder.js";
import { admit, depart, isBounded } from "../eviction/residents.js";
import { leaseKeyOf } from "../leaseKey.js";
import { goneFrom, sum } from "../stats/counts.js";
import { deleteParts, deleteUnread, loadContent, saveContent, sizeOfEntry } from "./content.js";
import {
  deleteDependents,
  type Dependents,
  hasDependents,
  insertDependents,
  linkDependents,
} from "./dependents.js";

/** The row of an entry, valid or not. */
export async function findRow(ctx: QueryCtx, entryKey: EntryKey): Promise<Doc<"values"> | null> {
  return (await rowAt(ctx, entryKey.name, entryKey.key)) ?? (await findLegacyRow(ctx, entryKey));
}

/** The row under which 0.3.1 stored the entry, where it used another key. */
export async function findLegacyRow(
  ctx: QueryCtx,
  { name, legacyKey }: EntryKey,
): Promise<Doc<"values"> | null> {
  if (legacyKey === undefined) return null;
  const row = await rowAt(ctx, name, legacyKey);
  // One of ours under that key is another entry, whose key looks like these arguments.
  return row?.startedAt === undefined ? row : null;
}

function rowAt(ctx: QueryCtx, name: string, key: Value) {
  return ctx.db
    .query("values")
    .withIndex("key", (q) => q.eq("name", name).eq("args", key))
    .first();
}

/** The entry of a row, or null where a part of its value is missing. */
export async function loadEntry(
  ctx: QueryCtx,
  row: Doc<"values">,
  expiredAt: number | null,
  withResidency: boolean = false,
): Promise<Entry | null> {
  const content = await loadContent(ctx, row);
  if (content === undefined) return null;
  const residency = withResidency ? await residencyOf(ctx, row) : undefined;
  return {
    id: row._id,
    content,
    createdAt: Math.floor(row._creationTime),
    expiresAt: earlier(await expiryOf(ctx, row), expiredAt),
    expired: expiredAt !== null,
    fillMs: row.fillMs ?? null,
    ...(residency && { residency }),
  };
}

/** When an entry of a cache with bounds was read; undefined for one that is not bounded. */
export async function residencyOf(
  ctx: QueryCtx,
  { resident }: Pick<Doc<"values">, "resident">,
): Promise<Entry["residency"]> {
  const row = resident && (await ctx.db.get("residents", resident));
  return row ? { id: row._id, visited: row.visited, readAt: row.readAt } : undefined;
}

/** The earlier of two times, of which null is never. */
export function earlier(time: number | null, other: number | null): number | null {
  if (time === null || other === null) return time ?? other;
  return Math.min(time, other);
}

/** When a row's value ceases to be fresh: 0.3.1 kept that in `metadata` only. */
export async function expiryOf(ctx: QueryCtx, row: Doc<"values">): Promise<number | null> {
  if (row.metadataId === undefined || row.expiresAt !== undefined) return row.expiresAt ?? null;
  return (await ctx.db.get("metadata", row.metadataId))?.expiresAt ?? null;
}

/** What a stored value brings along. */
export type NewEntry = {
  name: string;
  key: Value;
  tenant?: string;
  tags?: string[];
  recipe?: Recipe;
  content: Wire;
  /** When the value ceases to be fresh, in ms; null for never. */
  expiresAt: number | null;
  /** How long it is kept after that, in ms. */
  retain: number;
  startedAt: CommitTs;
  token?: Id<"fills">;
  fillMs?: number;
  tracking?: Tracking;
};

/**
 * Stores an entry in place of whatever is stored: the value is written once.
 * Resolves to what that adds to the figures.
 */
export async function replaceEntry(
  ctx: MutationCtx,
  previous: Doc<"values"> | null,
  entry: NewEntry,
): Promise<Counts> {
  const replaced = isBounded(entry.tracking) ? previous?.resident : undefined;
  const gone =
    previous &&
    (await discardEntry(ctx, replaced ? { ...previous, resident: undefined } : previous));
  return sum(gone ?? {}, await insertEntry(ctx, entry, replaced));
}

async function insertEntry(
  ctx: MutationCtx,
  entry: NewEntry,
  replaced: Id<"residents"> | undefined,
): Promise<Counts> {
  const { key, content, recipe: _, retain, expiresAt, tracking: _tracking, ...rest } = entry;
  const tagRowBytes = 40 * (entry.tags?.length ?? 0);
  const besides = getConvexSize([entry.name, key, entry.tags ?? []]) + tagRowBytes;
  const saved = await saveContent(ctx, content, besides);
  const dependents = await insertDependents(ctx, entry);
  const row = {
    ...rest,
    args: key,
    expiresAt: expiresAt ?? undefined,
    ...saved,
    ...dependents,
    ...(await track(ctx, entry, { ...saved, ...dependents }, replaced)),
  };
  const valueId = await ctx.db.insert("values", row);
  if (row.resident) await ctx.db.patch("residents", row.resident, { valueId });
  if (expiresAt !== null) {
    await ctx.db.insert("metadata", {
      valueId,
      expiresAt: expiresAt + retain,
      hasDependents: hasDependents(row) || undefined,
      bytes: getConvexSize(saved.value as Value) + besides,
    });
  }
  await linkDependents(ctx, dependents, valueId);
  return row.hasFigures ? { entries: 1, bytes: row.size ?? 0 } : {};
}

/** What figures and bounds need to know of an entry; nothing, where there are none. */
async function track(
  ctx: MutationCtx,
  { name, tenant, key, tracking, expiresAt, retain }: NewEntry,
  row: Pick<Doc<"values">, "value"> & Dependents,
  replaced: Id<"residents"> | undefined,
): Promise<Pick<Doc<"values">, "hasFigures" | "size" | "resident">> {
  if (tracking === undefined) return {};
  const hasFigures = tracking.figures;
  const size = sizeOfEntry(row);
  if (!isBounded(tracking)) return { hasFigures, size };
  const arrival = {
    name,
    tenant,
    leaseKey: await leaseKeyOf({ name, key }),
    size,
    hasFigures,
    hasDependents: hasDependents(row) || undefined,
    expiresAt: expiresAt ?? undefined,
    retain,
  };
  return { hasFigures, size, resident: await admit(ctx, arrival, tracking, replaced) };
}

/** When a value that is stored now ceases to be fresh, in ms; null for never. */
export function expiryFromNow(ttl: number | null): number | null {
  return ttl === null || ttl === Infinity ? null : Date.now() + (Number.isNaN(ttl) ? 0 : ttl);
}

/** The part of an entry's row that tells what to delete with it. */
export type Deletable = { _id: Id<"values"> } & Dependents & Pick<Doc<"values">, "resident">;

/**
 * Deletes an entry and all that belongs to it; what is gone already is no error.
 * Resolves to whether it was there.
 */
export async function deleteEntry(
  ctx: MutationCtx,
  row: Deletable,
  metadataId: Id<"metadata"> | undefined,
): Promise<boolean> {
  // Its own row first: if that can't be deleted, nothing of it is.
  const isDeleted = await deleteUnread(ctx, "values", row._id);
  if (metadataId !== undefined) await deleteUnread(ctx, "metadata", metadataId);
  await deleteDependents(ctx, row);
  await deleteParts(ctx, row.parts);
  await depart(ctx, row.resident);
  return isDeleted;
}

/**
 * Deletes an entry that is in the way of another, or not wanted any more. Resolves
 * to what that adds to the figures.
 */
export async function discardEntry(ctx: MutationCtx, row: Doc<"values">): Promise<Counts> {
  await deleteEntry(ctx, row, (await metadataOf(ctx, row))?._id);
  return goneFrom(row);
}

/** The row that says when an entry may be deleted; null if it never expires. */
export async function metadataOf(
  ctx: QueryCtx,
  row: Pick<Doc<"values">, "_id" | "metadataId" | "expiresAt">,
): Promise<Doc<"metadata"> | null> {
  if (row.metadataId !== undefined) return await ctx.db.get("metadata", row.metadataId);
  return row.expiresAt === undefined ? null : await metadataOfId(ctx, row._id);
}

/** The row that says when an entry may be deleted, by the entry's id alone. */
export function metadataOfId(ctx: QueryCtx, valueId: Id<"values">) {
  return ctx.db
    .query("metadata")
    .withIndex("valueId", (q) => q.eq("valueId", valueId))
    .first();
}
