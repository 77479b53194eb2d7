import type { Value } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Content } from "../validators.js";

type Stored = Pick<Doc<"values">, "value" | "parts" | "partsBytes">;

/** Writes what an entry's document does not hold itself, and returns what it does. */
export async function saveContent(ctx: MutationCtx, content: Content): Promise<Stored> {
  if (content.kind === "inline") return { value: content.value as Value };
  const parts = await Promise.all(content.parts.map((bytes) => ctx.db.insert("parts", { bytes })));
  const partsBytes = content.parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { value: null, parts, partsBytes };
}

/** An entry's content as it was saved, or null where a part is missing. */
export async function loadContent(ctx: QueryCtx, row: Stored): Promise<Content | null> {
  if (row.parts === undefined) return { kind: "inline", value: row.value as unknown };
  const parts = await Promise.all(row.parts.map((id) => ctx.db.get("parts", id)));
  const bytes = parts.flatMap((part) => (part === null ? [] : [part.bytes]));
  return bytes.length === parts.length ? { kind: "packed", parts: bytes } : null;
}

/** Deletes an entry's parts by their ids: reading them first would double the bytes read. */
export async function deleteParts(ctx: MutationCtx, row: Stored): Promise<void> {
  for (const part of row.parts ?? []) {
    try {
      await ctx.db.delete("parts", part);
    } catch {
      // A part that is gone already is what was wanted.
    }
  }
}
