import { type Infer, type ObjectType, v, type VAny, type Value } from "convex/values";
import { MAX_DOCUMENT_BYTES } from "../../../shared/limits.js";
import { internal } from "../../_generated/api.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { sizeOfEntry } from "../entry/content.js";
import { countDependents } from "../entry/dependents.js";
import { expiryOf, metadataOf } from "../entry/rows.js";
import { documentSize } from "../gc/batch.js";
import { ofName } from "../gc/candidates.js";
import { leaseKeyOf } from "../leaseKey.js";
import { positionOf } from "../scan.js";
import { insertResident, readNow } from "./residents.js";

const MAX_ROWS = 256;

/** The most that a batch reads to find entries; those it adopts are read and written once more. */
const MAX_BYTES = 2 * 1024 * 1024;

/** What adopting adds to an entry's row at most. */
const ADDED_BYTES = 128;

/** An adoption under way: of entries of a name that were stored before it had bounds. */
export const adoptionJob = {
  name: v.string(),
  idleTtl: v.optional(v.number()),
  retain: v.optional(v.number()),
  after: v.optional(positionOf(v.any() as VAny<Value>)),
};
type AdoptionJob = ObjectType<typeof adoptionJob>;

/** The next entries without residents. */
export const adoptionPage = v.object({
  entries: v.array(v.id("values")),
  next: v.union(v.object(adoptionJob), v.null()),
});
type AdoptionPage = Infer<typeof adoptionPage>;

/** Gives residents to a batch of entries that have none, and schedules the next. */
export async function adopt(ctx: MutationCtx, job: AdoptionJob): Promise<void> {
  const page: AdoptionPage = await ctx.runQuery(internal.eviction.listUnadopted, job, {
    useStaleSnapshot: true,
  });
  for (const id of page.entries) {
    const row = await ctx.db.get("values", id);
    if (row !== null && row.resident === undefined) await adoptOne(ctx, row, job);
  }
  if (page.next) await ctx.scheduler.runAfter(0, internal.eviction.adopt, page.next);
}

/** Lists the next entries of a name that have no residents. */
export async function listUnadopted(ctx: QueryCtx, job: AdoptionJob): Promise<AdoptionPage> {
  const entries: AdoptionPage["entries"] = [];
  let { after } = job;
  let [rows, bytes] = [0, 0];
  for await (const { row, position } of ofName(ctx, job.name, after)) {
    if (rows === MAX_ROWS || bytes >= MAX_BYTES) return { entries, next: { ...job, after } };
    rows += 1;
    const size = documentSize(row);
    bytes += size;
    if (row.resident === undefined && size + ADDED_BYTES <= MAX_DOCUMENT_BYTES) {
      entries.push(row._id);
    }
    after = position;
  }
  return { entries, next: null };
}

async function adoptOne(
  ctx: MutationCtx,
  row: Doc<"values">,
  { idleTtl, retain = 0 }: AdoptionJob,
): Promise<void> {
  const { _id: valueId, name, tenant, hasFigures } = row;
  const size = row.size ?? sizeOfEntry(row);
  const resident = await insertResident(ctx, {
    name,
    tenant,
    leaseKey: await leaseKeyOf({ name, key: row.args as Value }),
    valueId,
    size,
    hasFigures,
    dependents: countDependents(row) || undefined,
    expiresAt: (await expiryOf(ctx, row)) ?? undefined,
    ...readNow(idleTtl, retain),
  });
  const metadata = await metadataOf(ctx, row);
  // From now on its own row must be read to delete it, for that names its resident.
  if (metadata) await ctx.db.patch("metadata", metadata._id, { hasDependents: true });
  await ctx.db.patch("values", valueId, { resident, size });
}
