/** Entries written straight to the tables, where a test needs many, or those of 0.3.1. */
import type { GenericMutationCtx } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { DataModel, Id } from "../component/_generated/dataModel.js";
import { appTag } from "../component/model/invalidation/tags.js";
import type { createApp } from "./app.js";

type Ctx = GenericMutationCtx<DataModel>;
type App = Pick<ReturnType<typeof createApp>, "inComponent">;

/** A transaction writes 16 MiB; convex-test measures documents about as Convex does. */
const BYTES_PER_TRANSACTION = 15 * 1024 * 1024;

/** Writes as many rows as asked for, in as many transactions as that takes. */
export async function seed(
  { inComponent }: App,
  rows: { count: number; bytesEach: number },
  write: (ctx: Ctx, index: number) => Promise<unknown>,
): Promise<void> {
  const perTransaction = Math.max(1, Math.floor(BYTES_PER_TRANSACTION / (rows.bytesEach + 500)));
  for (let from = 0; from < rows.count; from += perTransaction) {
    await inComponent(async (ctx) => {
      const to = Math.min(rows.count, from + perTransaction);
      for (let index = from; index < to; index++) await write(ctx, index);
    });
  }
}

/** An entry as ours are stored, with or without a time at which it expires. */
export async function writeEntry(
  ctx: Ctx,
  entry: { name: string; args: Value; value: Value; expiresAt?: number },
): Promise<Id<"values">> {
  const valueId = await ctx.db.insert("values", { ...entry, startedAt: ctx.db.vars.commitTs });
  const { expiresAt, value } = entry;
  const bytes = getConvexSize(value);
  if (expiresAt !== undefined) await ctx.db.insert("metadata", { valueId, expiresAt, bytes });
  return valueId;
}

/** An entry whose value lies in parts. */
export async function writeEntryInParts(
  ctx: Ctx,
  entry: { name: string; args: Value; parts: string[]; expiresAt?: number },
): Promise<Id<"values">> {
  const { parts: contents, ...rest } = entry;
  const parts = await Promise.all(contents.map((json) => ctx.db.insert("parts", { json })));
  const partsBytes = contents.reduce((sum, part) => sum + part.length, 0);
  const valueId = await ctx.db.insert("values", {
    ...rest,
    value: null,
    parts,
    partsBytes,
    startedAt: ctx.db.vars.commitTs,
  });
  const { expiresAt } = entry;
  if (expiresAt !== undefined) {
    await ctx.db.insert("metadata", { valueId, expiresAt, hasDependents: true });
  }
  return valueId;
}

/** An entry as 0.3.1 stored it. */
export async function writeLegacyEntry(
  ctx: Ctx,
  entry: { name: string; args: Value; value: Value; expiresAt?: number },
): Promise<Id<"values">> {
  const { name, args, value, expiresAt } = entry;
  const valueId = await ctx.db.insert("values", { name, args, value });
  if (expiresAt !== undefined) {
    const metadataId = await ctx.db.insert("metadata", { valueId, expiresAt });
    await ctx.db.patch("values", valueId, { metadataId });
  }
  return valueId;
}

/** An entry as ours are stored, with tags. */
export async function writeTaggedEntry(
  ctx: Ctx,
  entry: { name: string; args: Value; value: Value; tags: string[] },
): Promise<void> {
  const startedAt = ctx.db.vars.commitTs;
  const tagRows = await Promise.all(
    entry.tags.map((tag) => ctx.db.insert("tags", { tag: appTag(tag), startedAt })),
  );
  const valueId = await ctx.db.insert("values", { ...entry, startedAt, tagRows });
  await Promise.all(tagRows.map((row) => ctx.db.patch("tags", row, { valueId })));
}
