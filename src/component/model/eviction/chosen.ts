import { type ObjectType, v } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { candidates } from "../gc/candidates.js";
import { inState } from "../gc/invalidations.js";
import { reachOf } from "../invalidation/tags.js";
import { removes, startOfEntry } from "../invalidation/validity.js";
import { isCounted } from "./count.js";
import { Room } from "./room.js";

/**
 * How many entries of invalidated tags are looked up by their rows, which hold their
 * values: of 1 MiB each at most.
 */
const MAX_INVALID = 16;
const MAX_INVALID_BYTES = 2 * 1024 * 1024;

/** How many invalidations are looked at, whatever they cover. */
const MAX_INVALIDATIONS = 64;

/** The bounds of a cache, and for how long what nobody reads is fresh and kept in it, in ms. */
export const evictionJob = {
  name: v.string(),
  maxEntries: v.optional(v.number()),
  maxBytes: v.optional(v.number()),
  idleTtl: v.optional(v.number()),
  retain: v.optional(v.number()),
};
export type EvictionJob = ObjectType<typeof evictionJob>;

/** Residents to evict, as many as it takes to come within the bounds and as a transaction has room for. */
export class Chosen {
  readonly job: EvictionJob;
  readonly ids = new Set<Id<"residents">>();
  readonly #countedTo: bigint;
  readonly #room = new Room();
  #entries = 0;
  #bytes = 0;

  /**
   * @param counts - What the cache holds, in parts.
   * @param countedTo - Up to which commit residents are in these counts.
   */
  constructor(job: EvictionJob, counts: { entries: number; bytes: number }[], countedTo: bigint) {
    this.job = job;
    this.#countedTo = countedTo;
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

  /** Adds a resident. Returns whether there was room for it. */
  add(resident: Doc<"residents">): boolean {
    const { _id, size } = resident;
    if (this.ids.has(_id)) return true;
    if (!this.#room.take(resident)) return false;
    this.ids.add(_id);
    if (isCounted(resident, this.#countedTo)) {
      this.#entries -= 1;
      this.#bytes -= size;
    }
    return true;
  }
}

/** Chooses those that have ceased to be fresh. */
export async function chooseStale(ctx: QueryCtx, chosen: Chosen, now: number): Promise<void> {
  if (!chosen.isOver) return;
  const stale = ctx.db
    .query("residents")
    .withIndex("expiresAt", (q) =>
      q.eq("name", chosen.job.name).gt("expiresAt", 0).lte("expiresAt", now),
    );
  for await (const row of stale) {
    if (!chosen.add(row) || !chosen.isOver) return;
  }
}

/** Chooses those of invalidated tags: what a clear removed is swept soon, and found by its values only. */
export async function chooseInvalid(ctx: QueryCtx, chosen: Chosen): Promise<void> {
  if (!chosen.isOver) return;
  let [invalidations, entries, bytes] = [0, 0, 0];
  for await (const { row: invalidation } of inState(ctx, "pending", undefined)) {
    if (++invalidations > MAX_INVALIDATIONS) return;
    if (reachOf(invalidation.tag).kind !== "listed") continue;
    for await (const { row } of candidates(ctx, invalidation, undefined)) {
      const isOurs = row?.name === chosen.job.name && removes(invalidation, startOfEntry(row));
      const resident = isOurs && row.resident && (await ctx.db.get("residents", row.resident));
      if (resident && (!chosen.add(resident) || !chosen.isOver)) return;
      bytes += row?.size ?? 0;
      if (++entries >= MAX_INVALID || bytes >= MAX_INVALID_BYTES) return;
    }
  }
}
