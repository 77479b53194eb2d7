import { getConvexSize, type Value } from "convex/values";
import {
  ENTRY_OVERHEAD_BYTES,
  MAX_DOCUMENT_BYTES,
  MAX_INLINE_NESTING,
  PART_BYTES,
} from "../../shared/limits.js";
import { nesting } from "../../shared/key.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { decode, encode } from "./codec.js";

/** The fields of an entry that hold its value. */
type Content = Pick<Doc<"values">, "value" | "parts" | "partsBytes">;

/** Whether a document that holds so many bytes besides can hold a value as well. */
export function fitsDocument(value: Value, besides: number): boolean {
  return (
    getConvexSize(value) + besides + ENTRY_OVERHEAD_BYTES <= MAX_DOCUMENT_BYTES &&
    nesting(value) <= MAX_INLINE_NESTING
  );
}

/**
 * Writes what of a value an entry's document can't hold, by its size or its
 * nesting, and returns what it does. `besides` is what else it holds, in bytes.
 */
export async function saveContent(
  ctx: MutationCtx,
  value: Value,
  besides: number,
): Promise<Content> {
  if (fitsDocument(value, besides)) return { value };
  return { value: null, ...(await saveParts(ctx, value)) };
}

/** An entry's value as it was saved, or undefined where a part of it is missing. */
export async function loadContent(ctx: QueryCtx, row: Content): Promise<Value | undefined> {
  return row.parts === undefined ? (row.value as Value) : await loadParts(ctx, row.parts);
}

/** Packs a value into rows of its own. */
export async function saveParts(
  ctx: MutationCtx,
  value: Value,
): Promise<{ parts: Id<"parts">[]; partsBytes: number }> {
  const packed = encode(value);
  const parts: Id<"parts">[] = [];
  for (let start = 0; start < packed.length; start += PART_BYTES) {
    const bytes = packed.slice(start, start + PART_BYTES).buffer;
    parts.push(await ctx.db.insert("parts", { bytes }));
  }
  return { parts, partsBytes: packed.length };
}

/** A value that was packed into rows, or undefined where one is missing. */
export async function loadParts(ctx: QueryCtx, ids: Id<"parts">[]): Promise<Value | undefined> {
  const rows = await Promise.all(ids.map((id) => ctx.db.get("parts", id)));
  const present = rows.filter((row) => row !== null);
  if (present.length < rows.length) return undefined;
  const packed = new Uint8Array(present.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let end = 0;
  for (const { bytes } of present) {
    packed.set(new Uint8Array(bytes), end);
    end += bytes.byteLength;
  }
  return decode(packed);
}

/** Deletes rows by their ids: reading them first would double the bytes read. */
export async function deleteParts(ctx: MutationCtx, ids: Id<"parts">[] = []): Promise<void> {
  for (const id of ids) {
    try {
      await ctx.db.delete("parts", id);
    } catch {
      // A part that is gone already is what was wanted.
    }
  }
}
