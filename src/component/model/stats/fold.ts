import type { Counts } from "../../../shared/statsProtocol.js";
import { DAY } from "../../../shared/time.js";
import { internal } from "../../_generated/api.js";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { EARLIER, hourOf, type Labels, sum } from "./counts.js";

const MAX_ROWS = 256;

/** For how long figures are kept by the hour, in ms; older ones go into their sum. */
const KEPT_MS = 7 * DAY;

/** Figures to be added to what is stored of them: read and written once for each hour. */
export class Addition {
  readonly #ctx: MutationCtx;
  readonly #parts = new Map<string, Labels & { hour: number; counts: Counts }>();

  constructor(ctx: MutationCtx) {
    this.#ctx = ctx;
  }

  /** Adds counts of an hour, to a cache's figures and to those of its tenant. */
  add({ name, tenant }: Labels, hour: number, counts: Counts): void {
    this.#addTo({ name }, hour, counts);
    if (tenant !== undefined) this.#addTo({ name, tenant }, hour, counts);
  }

  #addTo(labels: Labels, hour: number, counts: Counts): void {
    const id = JSON.stringify([labels.name, labels.tenant, hour]);
    const part = this.#parts.get(id);
    this.#parts.set(id, { ...labels, hour, counts: sum(part?.counts, counts) });
  }

  async write(): Promise<void> {
    for (const part of this.#parts.values()) await addFigures(this.#ctx, part);
  }
}

async function addFigures(
  ctx: MutationCtx,
  { name, tenant, hour, counts }: Labels & { hour: number; counts: Counts },
): Promise<void> {
  const row = await ctx.db
    .query("figures")
    .withIndex("figures", (q) => q.eq("name", name).eq("tenant", tenant).eq("hour", hour))
    .first();
  if (row === null) await ctx.db.insert("figures", { name, tenant, hour, counts });
  else await ctx.db.patch("figures", row._id, { counts: sum(row.counts, counts) });
}

/** Adds a batch of what was recorded to the figures, oldest first, and schedules the next. */
export async function foldFigures(ctx: MutationCtx): Promise<void> {
  const ids: Id<"deltas">[] = await ctx.runQuery(
    internal.stats.recorded,
    {},
    { useStaleSnapshot: true },
  );
  const figures = new Addition(ctx);
  for (const id of ids) {
    const row = await ctx.db.get("deltas", id);
    // Another transaction has added it since it was listed.
    if (row === null) continue;
    figures.add(row, hourOf(row._creationTime), row.counts);
    await ctx.db.delete("deltas", id);
  }
  await figures.write();
  if (ids.length === MAX_ROWS) {
    await ctx.scheduler.runAfter(0, internal.stats.fold, {});
  }
}

/** Lists what was recorded and is not in the figures yet. */
export async function listRecorded(ctx: QueryCtx): Promise<Id<"deltas">[]> {
  const rows = await ctx.db.query("deltas").take(MAX_ROWS);
  return rows.map(({ _id }) => _id);
}

/** Adds what a fill has counted to the figures, before its row is deleted. */
export function foldFill(figures: Addition, fill: Doc<"fills">): void {
  const { figures: name, tenant, counts, _creationTime } = fill;
  if (name !== undefined && counts !== undefined) {
    figures.add({ name, tenant }, hourOf(_creationTime), counts);
  }
}

/** Adds a batch of hours that are not kept any more to their sum, and schedules the next. */
export async function forgetOldHours(ctx: MutationCtx): Promise<void> {
  const oldest = hourOf(Date.now() - KEPT_MS);
  const rows = await ctx.db
    .query("figures")
    .withIndex("hour", (q) => q.gt("hour", EARLIER).lt("hour", oldest))
    .take(MAX_ROWS);
  for (const { _id, name, tenant, counts } of rows) {
    await addFigures(ctx, { name, tenant, hour: EARLIER, counts });
    await ctx.db.delete("figures", _id);
  }
  if (rows.length === MAX_ROWS) {
    await ctx.scheduler.runAfter(0, internal.stats.forgetHours, {});
  }
}
