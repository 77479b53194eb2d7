import type { Counts, Figures } from "../../../shared/statsProtocol.js";
import type { QueryCtx } from "../../_generated/server.js";
import { hasRoomFor } from "../budget.js";
import { EARLIER, hourOf, type Labels, sum } from "./counts.js";
import { recordedApart, recordedOnFills } from "./record.js";

/** Rows that are read without looking whether there is room for more. */
const ROWS_AT_ONCE = 128;
const ONE_STEP = { bytesRead: 1024 * 1024, documentsRead: 2 * ROWS_AT_ONCE };

/**
 * The figures of a cache, or of what one tenant has of it, with what was recorded
 * and not added yet. With `since` (ms), from the beginning of that hour on. Reads no clock.
 */
export async function figuresOf(
  ctx: QueryCtx,
  labels: Labels,
  since: number = -Infinity,
): Promise<Figures> {
  const hours = new Map<number, Counts>();
  for await (const { hour, counts } of partsOf(ctx, labels)) {
    hours.set(hour, sum(hours.get(hour), counts));
  }
  const all = [...hours].sort(([a], [b]) => a - b);
  const { entries = 0, bytes = 0 } = sum(...all.map(([, counts]) => counts));
  const shown = all.filter(([hour]) => hour >= hourOf(since));
  return {
    ...countersOf(sum(...shown.map(([, counts]) => counts))),
    entries,
    bytes,
    hours: shown
      .filter(([hour]) => hour !== EARLIER)
      .map(([hour, counts]) => ({ hour, ...countersOf(counts) })),
  };
}

async function* partsOf(
  ctx: QueryCtx,
  labels: Labels,
): AsyncGenerator<{ hour: number; counts: Counts }> {
  const { name, tenant } = labels;
  yield* ctx.db
    .query("figures")
    .withIndex("figures", (q) => q.eq("name", name).eq("tenant", tenant));
  let rows = 0;
  for (const recorded of [recordedApart(ctx, labels), recordedOnFills(ctx, labels)]) {
    for await (const { _creationTime, counts = {} } of recorded) {
      // Past this, figures lag until more has been added up.
      if (++rows % ROWS_AT_ONCE === 0 && !(await hasRoomFor(ctx, ONE_STEP))) return;
      yield { hour: hourOf(_creationTime), counts };
    }
  }
}

function countersOf(counts: Counts): Omit<Figures, "entries" | "bytes" | "hours"> {
  const of = (counter: keyof Counts) => counts[counter] ?? 0;
  const [hits, staleHits] = [Math.round(of("hits")), Math.round(of("staleHits"))];
  const [misses, coalesced] = [of("misses"), Math.round(of("coalesced"))];
  const [fills, errors, skipped] = [of("fills"), of("errors"), of("skipped")];
  const fetches = hits + staleHits + misses + coalesced;
  // Only these report how long they took.
  const timed = fills - errors - skipped;
  return {
    hits,
    staleHits,
    misses,
    coalesced,
    fills,
    errors,
    skipped,
    rejected: of("rejected"),
    puts: of("puts"),
    evictions: of("evictions"),
    savedMs: Math.round(of("savedMs")),
    saved: of("saved"),
    hitRate: fetches === 0 ? null : (hits + staleHits) / fetches,
    averageFillMs: timed > 0 ? of("fillMs") / timed : null,
  };
}
