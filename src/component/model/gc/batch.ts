import { getDocumentSize, type Infer, v } from "convex/values";
import { MAX_DOCUMENT_BYTES } from "../../../shared/limits.js";
import { messageOf } from "../../../shared/wireErrors.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { deleteParts, deleteUnread } from "../entry/content.js";
import { deleteEntry } from "../entry/rows.js";
import { goneFrom } from "../stats/counts.js";
import { Tally } from "../stats/record.js";

/**
 * Housekeeping goes in batches, each a transaction of its own: a query lists what
 * may go, on a snapshot that conflicts with nobody, and the mutation that called it
 * deletes that by its ids. What is listed stays deletable whatever happens
 * meanwhile: an entry's row never changes its value, and what is invalid stays so.
 */
const MAX_ROWS = 256;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DOCUMENTS = 2048;

/** Room for what a row needs besides its value: its metadata, and the row itself read by its index. */
const ROW_BYTES = 512;

/** An entry to delete with all that belongs to it, or what is left of one. */
export const deletion = v.object({
  entry: v.optional(
    v.object({
      _id: v.id("values"),
      parts: v.optional(v.array(v.id("parts"))),
      tagRows: v.optional(v.array(v.id("tags"))),
      recipe: v.optional(v.id("recipes")),
      resident: v.optional(v.id("residents")),
      /** Set where figures count it. */
      counted: v.optional(
        v.object({ name: v.string(), tenant: v.optional(v.string()), size: v.number() }),
      ),
    }),
  ),
  metadata: v.optional(v.id("metadata")),
  tagRow: v.optional(v.id("tags")),
  /** Set where the parts are too many for one batch: what of them is left to the next. */
  remaining: v.optional(v.object({ parts: v.array(v.id("parts")), partsBytes: v.number() })),
});
export type Deletion = Infer<typeof deletion>;

/** What a batch deletes, within its bounds. */
export class Batch {
  readonly deletions: Deletion[] = [];
  #deletable: number;
  #rows = MAX_ROWS;
  #bytes = MAX_BYTES;
  #documents = MAX_DOCUMENTS;
  #isEmpty = true;

  /** @param limit - The most entries to delete. */
  constructor(limit: number = MAX_ROWS) {
    this.#deletable = limit;
  }

  /** Whether a row of any size may be read too. Deleting it may have to wait for the next batch. */
  get hasRoom(): boolean {
    return this.#isEmpty || this.#fits({ bytes: MAX_DOCUMENT_BYTES, documents: 2 });
  }

  /** Counts a row that was read and stays. */
  pass(bytes: number): void {
    this.#take({ bytes: bytes + ROW_BYTES, documents: 1 });
  }

  /**
   * Adds an entry, if it fits. One whose parts alone are too much is deleted in
   * several batches: what fits of its parts now, the rest and itself later.
   */
  add(deletion: Deletion, bytes: { row: number; parts: number }): "added" | "in part" | "full" {
    const { tagRows = [], parts = [] } = deletion.entry ?? {};
    const needed = {
      bytes: bytes.row + bytes.parts + ROW_BYTES * (1 + tagRows.length),
      documents: 2 + tagRows.length + parts.length,
    };
    if (this.#fits(needed)) {
      this.#take(needed);
      this.#deletable -= 1;
      this.deletions.push(deletion);
      return "added";
    }
    if (!this.#isEmpty) return "full";
    this.#isEmpty = false;
    const fitting = Math.max(1, Math.floor((parts.length * MAX_BYTES) / (bytes.parts || 1)));
    if (fitting >= parts.length) {
      this.deletions.push(deletion);
      return "added";
    }
    const { _id } = deletion.entry!;
    const rest = parts.slice(fitting);
    const partsBytes = Math.ceil((bytes.parts * rest.length) / parts.length);
    const now = { _id, parts: parts.slice(0, fitting) };
    this.deletions.push({ entry: now, remaining: { parts: rest, partsBytes } });
    return "in part";
  }

  #fits({ bytes, documents }: { bytes: number; documents: number }): boolean {
    const hasRows = this.#rows > 0 && this.#deletable > 0;
    return hasRows && bytes <= this.#bytes && documents <= this.#documents;
  }

  #take({ bytes, documents }: { bytes: number; documents: number }): void {
    this.#isEmpty = false;
    this.#rows -= 1;
    this.#bytes -= bytes;
    this.#documents -= documents;
  }
}

/** The size of a row, in bytes. */
export const documentSize = (row: object) =>
  getDocumentSize(row as Parameters<typeof getDocumentSize>[0]);

/** The part of an entry's row that names what to delete with it. */
export function deletableOf(row: Doc<"values">): NonNullable<Deletion["entry"]> {
  const { _id, parts, tagRows, recipe, resident, name, tenant, hasFigures, size = 0 } = row;
  const counted = hasFigures ? { name, tenant, size } : undefined;
  return { _id, parts, tagRows, recipe, resident, counted };
}

/**
 * Deletes a batch. A row that can't be deleted is reported and left, so that it
 * holds up no other. Resolves to whether all were deleted.
 */
export async function deleteAll(ctx: MutationCtx, deletions: Deletion[]): Promise<boolean> {
  let deletedAll = true;
  const tally = new Tally();
  for (const deletion of deletions) {
    try {
      await deleteOne(ctx, deletion, tally);
    } catch (error) {
      deletedAll = false;
      const id = deletion.entry?._id ?? deletion.metadata ?? deletion.tagRow;
      console.error(`action cache: row ${id} is left for later: ${messageOf(error)}`);
    }
  }
  await tally.record(ctx);
  return deletedAll;
}

async function deleteOne(ctx: MutationCtx, deletion: Deletion, tally: Tally): Promise<void> {
  const { entry, metadata, tagRow, remaining } = deletion;
  if (remaining !== undefined) return await shorten(ctx, entry!._id, entry!.parts, remaining);
  if (entry !== undefined) {
    const { counted, ...rest } = entry;
    const isDeleted = await deleteEntry(ctx, rest, metadata);
    if (counted && isDeleted) tally.add(counted, goneFrom({ ...counted, hasFigures: true }));
  } else if (metadata !== undefined) await deleteUnread(ctx, "metadata", metadata);
  if (tagRow !== undefined) await deleteUnread(ctx, "tags", tagRow);
}

async function shorten(
  ctx: MutationCtx,
  id: Id<"values">,
  parts: Id<"parts">[] | undefined,
  remaining: NonNullable<Deletion["remaining"]>,
): Promise<void> {
  if ((await ctx.db.get("values", id)) === null) return;
  await deleteParts(ctx, parts);
  // What misses a part is a miss to every reader.
  await ctx.db.patch("values", id, remaining);
}
