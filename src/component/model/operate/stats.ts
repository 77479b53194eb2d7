import { type Infer, type ObjectType, v } from "convex/values";
import { HOUR } from "../../../shared/time.js";
import type { Figures } from "../../../shared/statsProtocol.js";
import type { QueryCtx } from "../../_generated/server.js";
import { namesBehind } from "../inspect/names.js";
import { listFirst } from "../inspect/room.js";
import { figuresOf } from "../stats/figures.js";
import { ratio, size, span } from "./format.js";

/** How many caches one call tells the figures of. */
const MAX_CACHES = 50;

export const statsRequest = {
  name: v.optional(v.string()),
  tenant: v.optional(v.string()),
  hours: v.optional(v.number()),
  after: v.optional(v.string()),
};
type Request = ObjectType<typeof statsRequest>;

const reported = v.object({
  name: v.string(),
  tenant: v.optional(v.string()),
  figures: v.union(
    v.string(),
    v.object({
      hitRate: v.string(),
      hits: v.number(),
      staleHits: v.number(),
      coalesced: v.number(),
      misses: v.number(),
      fills: v.number(),
      averageFill: v.string(),
      errors: v.number(),
      skipped: v.number(),
      rejected: v.number(),
      puts: v.number(),
      evictions: v.number(),
      timeSaved: v.string(),
      saved: v.number(),
      entries: v.number(),
      size: v.string(),
    }),
  ),
});

export const statsReport = v.object({
  caches: v.array(reported),
  /** The last name, where there are more. */
  next: v.optional(v.string()),
});

/** The figures of a cache, or of all; with `hours`, of the last so many and the one that runs. */
export async function reportStats(
  ctx: QueryCtx,
  { name, tenant, hours, after }: Request,
): Promise<Infer<typeof statsReport>> {
  const since = hours === undefined ? undefined : Date.now() - hours * HOUR;
  const reportOn = async (name: string) => ({
    name,
    tenant,
    figures: tell(await figuresOf(ctx, { name, tenant }, since)),
  });
  if (name !== undefined) return { caches: [await reportOn(name)] };
  const { items: caches, isDone } = await listFirst(
    ctx,
    namesBehind(ctx, after),
    MAX_CACHES,
    reportOn,
  );
  return { caches, next: isDone ? undefined : caches.at(-1)!.name };
}

function tell({ hours, averageFillMs, savedMs, hitRate, bytes, ...counters }: Figures) {
  const isEmpty = hours.length === 0 && Object.values(counters).every((count) => count === 0);
  if (isEmpty) return "none: nothing is counted, or the cache is not given `stats: true`";
  return {
    ...counters,
    hitRate: ratio(hitRate),
    averageFill: span(averageFillMs),
    timeSaved: span(savedMs),
    size: size(bytes),
  };
}
