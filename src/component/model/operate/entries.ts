import { type Infer, type ObjectType, v, type Value } from "convex/values";
import { AS_STORED } from "../../../shared/freshness.js";
import { identifyByArgs, identifyByKey } from "../../../shared/key.js";
import { nullable, optionalValue } from "../../../shared/protocol.js";
import { verdict } from "../../../shared/verdict.js";
import type { QueryCtx } from "../../_generated/server.js";
import { checkCallNamed } from "../checks.js";
import { findRow, metadataOf } from "../entry/rows.js";
import { explainCall } from "../inspect/explain.js";
import { listEntries } from "../inspect/list.js";
import { moment, quotable, size, span, unquoted } from "./format.js";

/** How many entries one call lists unless it says otherwise. */
const DEFAULT_LIMIT = 25;

const shownEntry = { size: v.string(), created: v.string(), expires: v.string(), fill: v.string() };

export const listRequest = {
  name: v.string(),
  tenant: v.optional(v.string()),
  tag: v.optional(v.string()),
  cursor: v.optional(v.string()),
  limit: v.optional(v.number()),
};

export const listReport = v.object({
  entries: v.array(
    v.object({
      args: optionalValue,
      key: optionalValue,
      /** Where the stored key is a digest. */
      digest: v.optional(v.string()),
      tenant: v.optional(v.string()),
      tags: v.array(v.string()),
      ...shownEntry,
    }),
  ),
  /** The cursor of the next page, where there is one. */
  next: v.optional(v.string()),
});

/** A page of the entries that no invalidation removed, as a terminal shows them. */
export async function reportEntries(
  ctx: QueryCtx,
  { cursor, limit, ...what }: ObjectType<typeof listRequest>,
): Promise<Infer<typeof listReport>> {
  const now = Date.now();
  const { page, isDone, continueCursor } = await listEntries(ctx, {
    ...what,
    read: AS_STORED,
    cursor: cursor === undefined ? null : unquoted(cursor),
    numItems: limit ?? DEFAULT_LIMIT,
  });
  const entries = page.map(({ args, key, storedKey, tenant, tags, ...entry }) => ({
    ...(args !== null && { args }),
    ...(key !== undefined && { key }),
    ...(typeof storedKey === "string" && { digest: storedKey }),
    tenant,
    tags,
    ...show(entry, now),
  }));
  return { entries, next: isDone ? undefined : quotable(continueCursor) };
}

type Shown = { bytes: number; createdAt: number; expiresAt: number | null; fillMs: number | null };

const show = ({ bytes, createdAt, expiresAt, fillMs }: Shown, now: number) => ({
  size: size(bytes),
  created: moment(createdAt, now),
  expires: moment(expiresAt, now),
  fill: fillMs === null ? "none: the value was put" : span(fillMs),
});

export const explainRequest = {
  name: v.string(),
  args: optionalValue,
  key: optionalValue,
  tenant: v.optional(v.string()),
};

export const explainReport = v.object({
  state: v.union(v.literal("hit"), v.literal("stale"), v.literal("miss")),
  sentence: v.string(),
  note: v.string(),
  entry: nullable(v.object({ tags: v.array(v.string()), kept: v.string(), ...shownEntry })),
});

/** Why a fetch would be a hit or not, as far as what is stored tells. */
export async function reportOnCall(
  ctx: QueryCtx,
  request: ObjectType<typeof explainRequest>,
): Promise<Infer<typeof explainReport>> {
  const now = Date.now();
  const { name, tenant, args, key } = request;
  checkCallNamed(request);
  const identity =
    args === undefined
      ? await identifyByKey(key as Value, tenant)
      : await identifyByArgs(args, tenant);
  const entryKey = { name, ...identity };
  const explanation = await explainCall(ctx, { ...entryKey, read: AS_STORED, withContent: false });
  const { entry, expiresAt, tags } = explanation;
  const row = entry && (await findRow(ctx, entryKey));
  const keptUntil = row && ((await metadataOf(ctx, row))?.expiresAt ?? null);
  return {
    ...verdict(explanation, now),
    note: NOTE,
    entry: entry && { tags, kept: moment(keptUntil, now), ...show({ ...entry, expiresAt }, now) },
  };
}

const NOTE =
  "Judged by what is stored: `checkValue`, `idleTtl` and a shorter `ttl` of the cache are not known here, " +
  "nor are its windows; they end where the entry is no longer kept.";
