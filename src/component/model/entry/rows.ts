import type { WithoutSystemFields } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { Entry, EntryKey, Recipe, Wire } from "../../../shared/protocol.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import type { CommitTs } from "../invalidation/commitOrder.js";
import { deleteParts, deleteUnread, loadContent, saveContent } from "./content.js";
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
): Promise<Entry | null> {
  const content = await loadContent(ctx, row);
  if (content === undefined) return null;
  return {
    id: row._id,
    content,
    createdAt: Math.floor(row._creationTime),
    expiresAt: earlier(await expiryOf(ctx, row), expiredAt),
    expired: expiredAt !== null,
    fillMs: row.fillMs ?? null,
  };
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

/** What an entry is stored under. */
type Place = Pick<EntryKey, "name" | "key" | "tenant">;

/** From when on an entry is there, and for how long. */
type Life = {
  /** When the value ceases to be fresh, in ms; null for never. */
  expiresAt: number | null;
  /** How long it is kept after that, in ms. */
  retain: number;
  startedAt: CommitTs;
  token?: Id<"fills">;
  fillMs?: number;
};

/** What a stored value brings along. */
type NewEntry = Place & Life & { tags?: string[]; recipe?: Recipe; content: Wire };

/** Stores an entry where there is none: the value is written once. */
export async function insertEntry(ctx: MutationCtx, entry: NewEntry): Promise<void> {
  const { key, content, recipe: _, retain, expiresAt, ...rest } = entry;
  const tagRowBytes = 40 * (entry.tags?.length ?? 0);
  const besides = getConvexSize([entry.name, key, entry.tags ?? []]) + tagRowBytes;
  const saved = await saveContent(ctx, content, besides);
  const dependents = await insertDependents(ctx, entry);
  const row = { ...rest, args: key, expiresAt: expiresAt ?? undefined, ...saved, ...dependents };
  const bytes = getConvexSize(saved.value as Value) + besides;
  await linkDependents(ctx, dependents, await insertRow(ctx, row, retain, bytes));
}

/** Writes an entry's row, and the one that says when it may be deleted. */
async function insertRow(
  ctx: MutationCtx,
  row: WithoutSystemFields<Doc<"values">>,
  retain: number,
  bytes: number,
): Promise<Id<"values">> {
  const valueId = await ctx.db.insert("values", row);
  if (row.expiresAt !== undefined) {
    await ctx.db.insert("metadata", {
      valueId,
      expiresAt: row.expiresAt + retain,
      hasDependents: hasDependents(row) || undefined,
      bytes,
    });
  }
  return valueId;
}

/**
 * Lets an entry's life begin anew. Its own row is written again, for its creation
 * tells when that was; what a large value is stored in is not.
 */
export async function renewEntry(
  ctx: MutationCtx,
  stored: Doc<"values">,
  { key, ...place }: Place,
  { retain, expiresAt, ...life }: Life,
): Promise<void> {
  const metadata = await metadataOf(ctx, stored);
  const { _id, _creationTime, metadataId: _, ...kept } = stored;
  await deleteUnread(ctx, "values", _id);
  if (metadata !== null) await deleteUnread(ctx, "metadata", metadata._id);
  const row = { ...kept, ...place, args: key, ...life, expiresAt: expiresAt ?? undefined };
  const valueId = await insertRow(ctx, row, retain, metadata?.bytes ?? getConvexSize(row));
  await linkDependents(ctx, stored, valueId, life.startedAt);
}

/** When a value that is stored now ceases to be fresh, in ms; null for never. */
export function expiryFromNow(ttl: number | null): number | null {
  return ttl === null || ttl === Infinity ? null : Date.now() + (Number.isNaN(ttl) ? 0 : ttl);
}

/** The part of an entry's row that tells what to delete with it. */
export type Deletable = { _id: Id<"values"> } & Dependents;

/** Deletes an entry and all that belongs to it; what is gone already is no error. */
export async function deleteEntry(
  ctx: MutationCtx,
  row: Deletable,
  metadataId: Id<"metadata"> | undefined,
): Promise<void> {
  // Its own row first: if that can't be deleted, nothing of it is.
  await deleteUnread(ctx, "values", row._id);
  if (metadataId !== undefined) await deleteUnread(ctx, "metadata", metadataId);
  await deleteDependents(ctx, row);
  await deleteParts(ctx, row.parts);
}

/** Deletes an entry that is in the way of another, or not wanted any more. */
export async function discardEntry(ctx: MutationCtx, row: Doc<"values">): Promise<void> {
  await deleteEntry(ctx, row, (await metadataOf(ctx, row))?._id);
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
