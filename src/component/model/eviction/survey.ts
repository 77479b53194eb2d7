import { type Infer, type ObjectType, v } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { candidates } from "../gc/candidates.js";
import { inState } from "../gc/invalidations.js";
import { committed } from "../invalidation/listing.js";
import { reachOf } from "../invalidation/tags.js";
import { removes, startOfEntry } from "../invalidation/validity.js";
import { commitPosition, rowsFrom } from "../scan.js";

/** The most rows that one batch looks at in each of its parts, and evicts. */
const MAX_ROWS = 256;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_COUNTED = 512;

/** How many entries of invalidated tags are looked up by their rows, which hold their values. */
const MAX_INVALID = 16;

/** An eviction under way, of a cache with these bounds. */
export const evictionJob = {
  name: v.string(),
  maxEntries: v.optional(v.number()),
  maxBytes: v.optional(v.number()),
};
export type EvictionJob = ObjectType<typeof evictionJob>;

/** What a cache holds, as it was counted, and how far the hand has gone. */
const counted = v.object({
  entries: v.number(),
  bytes: v.number(),
  countedTo: v.optional(v.int64()),
  hand: v.optional(commitPosition),
});
type Counted = Infer<typeof counted>;

export const surveyRequest = { job: v.object(evictionJob), from: counted, now: v.number() };

/**
 * What came since it was last counted, what went of that which is counted, whom to
 * evict, whom to spare, and where the hand is then.
 */
export const evictionPage = v.object({
  arrived: v.object({ entries: v.number(), bytes: v.number(), countedTo: v.int64() }),
  departed: v.array(v.object({ id: v.id("departures"), entries: v.number(), bytes: v.number() })),
  hand: v.optional(commitPosition),
  victims: v.array(v.id("residents")),
  spared: v.array(v.id("residents")),
  isDone: v.boolean(),
});
export type EvictionPage = Infer<typeof evictionPage>;

/** Counts what came and went since the last batch, and lists whom to evict. */
export async function survey(
  ctx: QueryCtx,
  { job, from, now }: ObjectType<typeof surveyRequest>,
): Promise<EvictionPage> {
  const { countedTo = 0n } = from;
  const departed = await departedOf(ctx, job.name, countedTo);
  const { isWhole, ...arrived } = await arrivedSince(ctx, job.name, countedTo);
  const chosen = new Chosen(job, [from, arrived, ...departed]);
  await chooseStale(ctx, chosen, now);
  await chooseInvalid(ctx, chosen);
  const { isDone, ...sieved } = await chooseBySieve(ctx, chosen, from.hand);
  const isCounted = isWhole && departed.length < MAX_COUNTED;
  return { arrived, departed, ...sieved, victims: [...chosen.ids], isDone: isDone && isCounted };
}

/** Residents to evict, as many as it takes to come within the bounds and as fit into a batch. */
class Chosen {
  readonly job: EvictionJob;
  readonly ids = new Set<Id<"residents">>();
  #entries = 0;
  #bytes = 0;
  #chosenBytes = 0;

  constructor(job: EvictionJob, counts: { entries: number; bytes: number }[]) {
    this.job = job;
    for (const { entries, bytes } of counts) {
      this.#entries += entries;
      this.#bytes += bytes;
    }
  }

  /** Whether more is stored than the bounds allow. */
  get isOver(): boolean {
    const { maxEntries = Infinity, maxBytes = Infinity } = this.job;
    return this.#entries > maxEntries || this.#bytes > maxBytes;
  }

  /** Whether the batch has no room for more. */
  get isFull(): boolean {
    return this.ids.size >= MAX_ROWS || this.#chosenBytes >= MAX_BYTES;
  }

  add({ _id, size }: Doc<"residents">): void {
    if (this.ids.has(_id)) return;
    this.ids.add(_id);
    this.#entries -= 1;
    this.#bytes -= size;
    this.#chosenBytes += size;
  }
}

/** What left the cache; one that was not counted when it came is not taken off. */
async function departedOf(ctx: QueryCtx, name: string, countedTo: bigint) {
  const rows = await ctx.db
    .query("departures")
    .withIndex("name", (q) => q.eq("name", name))
    .take(MAX_COUNTED);
  return rows.map(({ _id: id, insertedAt, entries, bytes }) =>
    typeof insertedAt === "bigint" && insertedAt <= countedTo
      ? { id, entries, bytes }
      : { id, entries: 0, bytes: 0 },
  );
}

/** What came to the cache. A commit is counted whole, so that a timestamp tells what is counted. */
async function arrivedSince(ctx: QueryCtx, name: string, countedTo: bigint) {
  const arrived = { entries: 0, bytes: 0, countedTo };
  const residents = ctx.db
    .query("residents")
    .withIndex("order", (q) => q.eq("name", name).gt("insertedAt", countedTo));
  for await (const { insertedAt, size } of committed(residents, "insertedAt")) {
    const isFull = arrived.entries >= MAX_COUNTED && insertedAt !== arrived.countedTo;
    if (isFull) return { ...arrived, isWhole: false };
    arrived.entries += 1;
    arrived.bytes += size;
    arrived.countedTo = insertedAt;
  }
  return { ...arrived, isWhole: true };
}

async function chooseStale(ctx: QueryCtx, chosen: Chosen, now: number): Promise<void> {
  const stale = ctx.db
    .query("residents")
    .withIndex("expiresAt", (q) =>
      q.eq("name", chosen.job.name).gt("expiresAt", 0).lte("expiresAt", now),
    );
  if (!chosen.isOver) return;
  for await (const row of stale) {
    chosen.add(row);
    if (!chosen.isOver || chosen.isFull) return;
  }
}

/** Those of invalidated tags: what a clear removed is swept soon, and found by its values only. */
async function chooseInvalid(ctx: QueryCtx, chosen: Chosen): Promise<void> {
  if (!chosen.isOver || chosen.isFull) return;
  let looked = 0;
  for await (const { row: invalidation } of inState(ctx, "pending", undefined)) {
    if (reachOf(invalidation.tag).kind !== "listed") continue;
    for await (const { row } of candidates(ctx, invalidation, undefined)) {
      const isOurs = row?.name === chosen.job.name && removes(invalidation, startOfEntry(row));
      const resident = isOurs && row.resident && (await ctx.db.get("residents", row.resident));
      if (resident) chosen.add(resident);
      if (++looked >= MAX_INVALID || !chosen.isOver || chosen.isFull) return;
    }
  }
}

/** Lets the hand go on, until enough is chosen or it has looked at as many as a batch may. */
async function chooseBySieve(ctx: QueryCtx, chosen: Chosen, from: Counted["hand"]) {
  const spared = new Set<Id<"residents">>();
  let hand = from;
  let looked = 0;
  for await (const { row, position } of round(ctx, chosen.job.name, from)) {
    if (!chosen.isOver) return { spared: [...spared], hand, isDone: true };
    if (chosen.isFull || looked >= MAX_ROWS) break;
    looked += 1;
    hand = position;
    if (chosen.ids.has(row._id)) continue;
    if (row.visited && !spared.has(row._id)) spared.add(row._id);
    else {
      spared.delete(row._id);
      chosen.add(row);
    }
  }
  // Where everything was chosen and it still holds too much, there is nothing left to do.
  return { spared: [...spared], hand, isDone: !chosen.isOver || looked === 0 };
}

type Resident = Doc<"residents"> & { insertedAt: bigint };

/** The residents from the hand on to the newest, and then from the oldest on. */
async function* round(ctx: QueryCtx, name: string, hand: Counted["hand"]) {
  const residents = () => ctx.db.query("residents");
  const scan = {
    keyOf: ({ insertedAt }: Resident) => insertedAt,
    all: () =>
      committed(
        residents().withIndex("order", (q) => q.eq("name", name)),
        "insertedAt",
      ),
    at: (key: bigint, time: number) =>
      committed(
        residents().withIndex("order", (q) =>
          q.eq("name", name).eq("insertedAt", key).gte("_creationTime", time),
        ),
        "insertedAt",
      ),
    behind: (key: bigint) =>
      committed(
        residents().withIndex("order", (q) => q.eq("name", name).gt("insertedAt", key)),
        "insertedAt",
      ),
  };
  yield* rowsFrom<Resident, bigint>(scan, hand);
  yield* rowsFrom<Resident, bigint>(scan, undefined);
}
