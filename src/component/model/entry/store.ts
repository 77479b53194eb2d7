import type { WithoutSystemFields } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { EntryKey, Recipe, Tracking, Wire } from "../../../shared/protocol.js";
import type { Counts } from "../../../shared/statsProtocol.js";
import { isBounded } from "../../../shared/storing.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx } from "../../_generated/server.js";
import { admit, depart } from "../eviction/residents.js";
import type { CommitTs } from "../invalidation/commitOrder.js";
import { leaseKeyOf } from "../leaseKey.js";
import { goneFrom, sum } from "../stats/counts.js";
import { deleteUnread, saveContent, sizeOfEntry } from "./content.js";
import {
  countDependents,
  type Dependents,
  hasDependents,
  insertDependents,
  linkDependents,
} from "./dependents.js";
import { discardEntry, metadataOf } from "./rows.js";

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

/** An entry whose life begins, whatever its value. */
type Begun = Place & Life & { tracking?: Tracking };

/** What a stored value brings along. */
type NewEntry = Begun & { tags?: string[]; recipe?: Recipe; content: Wire };

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
  const bytes = getConvexSize(saved.value as Value) + besides;
  const valueId = await insertRow(ctx, row, retain, bytes);
  if (row.resident) await ctx.db.patch("residents", row.resident, { valueId });
  await linkDependents(ctx, dependents, valueId);
  return cameWith(row);
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

/** What figures and bounds need to know of an entry; nothing, where there are none. */
async function track(
  ctx: MutationCtx,
  { name, tenant, key, tracking, expiresAt, retain }: Begun,
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
    dependents: countDependents(row) || undefined,
    expiresAt: expiresAt ?? undefined,
    retain,
  };
  return { hasFigures, size, resident: await admit(ctx, arrival, tracking, replaced) };
}

/**
 * Lets an entry's life begin anew. Its own row is written again, for its creation
 * tells when that was; what a large value is stored in is not. Resolves to what that
 * adds to the figures.
 */
export async function renewEntry(
  ctx: MutationCtx,
  stored: Doc<"values">,
  entry: Begun,
): Promise<Counts> {
  const { name, key, tenant, retain, expiresAt, startedAt, token, fillMs, tracking } = entry;
  const metadata = await metadataOf(ctx, stored);
  await deleteUnread(ctx, "values", stored._id);
  if (metadata !== null) await deleteUnread(ctx, "metadata", metadata._id);
  const replaced = isBounded(tracking) ? stored.resident : undefined;
  if (replaced === undefined) await depart(ctx, stored.resident);
  const { parts, partsBytes, tags, tagRows, recipe } = stored;
  const row = {
    name,
    args: key,
    tenant,
    startedAt,
    token,
    fillMs,
    expiresAt: expiresAt ?? undefined,
    value: stored.value as Value,
    parts,
    partsBytes,
    tags,
    tagRows,
    recipe,
    // Figures and bounds may have come or gone since the value was stored.
    ...(await track(ctx, entry, stored, replaced)),
  };
  const valueId = await insertRow(ctx, row, retain, metadata?.bytes ?? getConvexSize(row));
  if (row.resident) await ctx.db.patch("residents", row.resident, { valueId });
  await linkDependents(ctx, stored, valueId, startedAt);
  return sum(goneFrom(stored), cameWith(row));
}

/** What storing an entry adds to the figures. */
const cameWith = ({ hasFigures, size = 0 }: Pick<Doc<"values">, "hasFigures" | "size">): Counts =>
  hasFigures ? { entries: 1, bytes: size } : {};
