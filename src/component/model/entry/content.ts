import { getConvexSize, type Value } from "convex/values";
import {
  ENTRY_OVERHEAD_BYTES,
  MAX_DOCUMENT_BYTES,
  MAX_INLINE_NESTING,
  PART_BYTES,
} from "../../../shared/limits.js";
import type { Wire } from "../../../shared/protocol.js";
import { nesting } from "../../../shared/values.js";
import { jsonOf } from "../../../shared/wire.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";

/** The fields of an entry that hold its value. */
type Content = Pick<Doc<"values">, "value" | "parts" | "partsBytes">;

/**
 * Writes what of a value an entry's document can't hold, by its size or its
 * nesting, and returns what it does. `besides` is what else it holds, in bytes.
 */
export async function saveContent(
  ctx: MutationCtx,
  content: Wire,
  besides: number,
): Promise<Content> {
  if ("value" in content && fitsDocument(content.value, besides)) return content;
  return { value: null, ...(await saveParts(ctx, jsonOf(content))) };
}

/** Whether a document that holds so many bytes besides can hold a value as well. */
export function fitsDocument(value: Value, besides: number): boolean {
  return (
    getConvexSize(value) + besides + ENTRY_OVERHEAD_BYTES <= MAX_DOCUMENT_BYTES &&
    nesting(value) <= MAX_INLINE_NESTING
  );
}

/** An entry's value as it was saved, or undefined where a part of it is missing. */
export async function loadContent(ctx: QueryCtx, row: Content): Promise<Wire | undefined> {
  if (row.parts === undefined) return { value: row.value as Wire };
  const json = await loadParts(ctx, row.parts);
  return json === undefined ? undefined : { json };
}

/** The size of an entry's value as it is stored, in bytes. */
export const sizeOfEntry = ({ value, partsBytes }: Content): number =>
  partsBytes ?? getConvexSize(value as Value);

/** Writes JSON into rows of its own. */
export async function saveParts(
  ctx: MutationCtx,
  json: string,
): Promise<{ parts: Id<"parts">[]; partsBytes: number }> {
  const parts: Id<"parts">[] = [];
  let partsBytes = 0;
  for (const { piece, bytes } of pieces(json, PART_BYTES)) {
    parts.push(await ctx.db.insert("parts", { json: piece }));
    partsBytes += bytes;
  }
  return { parts, partsBytes };
}

/** Cuts a string into pieces of at most so many bytes of UTF-8, and no surrogate pair in two. */
export function* pieces(
  whole: string,
  maxBytes: number,
): Generator<{ piece: string; bytes: number }> {
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < whole.length;) {
    const unit = whole.charCodeAt(at);
    const isPair = unit >= 0xd800 && unit <= 0xdbff;
    const size = unit < 0x80 ? 1 : unit < 0x800 ? 2 : isPair ? 4 : 3;
    if (bytes + size > maxBytes) {
      yield { piece: whole.slice(start, at), bytes };
      start = at;
      bytes = 0;
    }
    bytes += size;
    at += isPair ? 2 : 1;
  }
  yield { piece: whole.slice(start), bytes };
}

/** JSON that was written into rows, or undefined where one is missing. */
export async function loadParts(ctx: QueryCtx, ids: Id<"parts">[]): Promise<string | undefined> {
  const rows = await Promise.all(ids.map((id) => ctx.db.get("parts", id)));
  const present = rows.filter((row) => row !== null);
  return present.length < rows.length ? undefined : present.map(({ json }) => json).join("");
}

/** Deletes rows by their ids: reading them first would double the bytes read. */
export async function deleteParts(ctx: MutationCtx, ids: Id<"parts">[] = []): Promise<void> {
  for (const id of ids) await deleteUnread(ctx, "parts", id);
}

/**
 * Deletes a row whose content need not be read for that. Resolves to whether it
 * did: one that is gone already is what was wanted.
 */
export async function deleteUnread<
  Table extends "parts" | "values" | "tags" | "recipes" | "metadata",
>(ctx: MutationCtx, table: Table, id: Id<Table>): Promise<boolean> {
  try {
    await ctx.db.delete(table, id);
    return true;
  } catch (error) {
    if ((await ctx.db.get(table, id)) !== null) throw error;
    return false;
  }
}
