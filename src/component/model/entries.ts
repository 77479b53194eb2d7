import { getConvexSize, type Value } from "convex/values";
import { carry } from "../../shared/carry.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Entry } from "../validators.js";
import type { CommitTs } from "./commitOrder.js";
import { deleteParts, loadContent, saveContent } from "./content.js";
import {
  deleteDependents,
  hasDependents,
  insertDependents,
  linkDependents,
  type Origin,
} from "./dependents.js";

/** An entry's place: its name and key, and the key that 0.3.1 gave it where that differs. */
export type Place = { name: string; key: Value; legacyKey?: Value; tenant?: string };

/** The row of an entry, dead or alive. */
export async function findRow(ctx: QueryCtx, place: Place): Promise<Doc<"values"> | null> {
  return (await rowAt(ctx, place.name, place.key)) ?? (await findLegacyRow(ctx, place));
}

/** The row under which 0.3.1 stored the entry, where it used another key. */
export async function findLegacyRow(ctx: QueryCtx, place: Place): Promise<Doc<"values"> | null> {
  if (place.legacyKey === undefined) return null;
  const row = await rowAt(ctx, place.name, place.legacyKey);
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
  const value = await loadContent(ctx, row);
  if (value === undefined) return null;
  return {
    id: row._id,
    content: carry(value),
    createdAt: Math.floor(row._creationTime),
    expiresAt: earlier(await expiryOf(ctx, row), expiredAt),
    invalidated: expiredAt !== null,
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

/** What a stored value brings along. */
export type NewEntry = {
  name: string;
  key: Value;
  tenant?: string;
  tags?: string[];
  origin?: Origin;
  value: Value;
  /** When the value ceases to be fresh, in ms; null for never. */
  expiresAt: number | null;
  /** How long it is kept after that, in ms. */
  retain: number;
  startedAt: CommitTs;
  token?: Id<"fills">;
  fillMs?: number;
};

/** Stores an entry where there is none: the value is written once. */
export async function insertEntry(ctx: MutationCtx, entry: NewEntry): Promise<void> {
  const { key, value, origin: _, retain, expiresAt, ...rest } = entry;
  const content = await saveContent(ctx, value, getConvexSize(entry.name) + getConvexSize(key));
  const dependents = await insertDependents(ctx, entry);
  const valueId = await ctx.db.insert("values", {
    ...rest,
    args: key,
    expiresAt: expiresAt ?? undefined,
    ...content,
    ...dependents,
  });
  const metadataId =
    expiresAt === null
      ? undefined
      : await ctx.db.insert("metadata", {
          valueId,
          expiresAt: expiresAt + retain,
          hasDependents: hasDependents({ ...content, ...dependents }) || undefined,
        });
  await linkDependents(ctx, dependents, { valueId, metadataId });
}

/** When a value that is stored now ceases to be fresh, in ms; null for never. */
export function expiryFromNow(ttl: number | null): number | null {
  return ttl === null || ttl === Infinity ? null : Date.now() + ttl;
}

/** Deletes an entry and all that belongs to it; what is gone already is no error. */
export async function deleteEntry(
  ctx: MutationCtx,
  row: Doc<"values">,
  knownMetadata?: Doc<"metadata">,
): Promise<void> {
  const metadata = knownMetadata ?? (await metadataOf(ctx, row));
  await deleteParts(ctx, row.parts);
  await deleteDependents(ctx, row);
  await ctx.db.delete("values", row._id);
  if (metadata !== null) await ctx.db.delete("metadata", metadata._id);
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
