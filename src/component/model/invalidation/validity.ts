import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { type CommitTs, compareCommits } from "./commitOrder.js";
import { coveringTags, type Labels } from "./tags.js";

type Invalidation = Doc<"invalidations">;

/** What an invalidation is compared with: when a value's fill began. */
export type Started = Labels & {
  startedAt: CommitTs | undefined;
  /** When the value was stored, or its fill began to run if it still does, in ms. */
  createdAt: number;
  /** Whether a fill computed it. One that began in the transaction of an invalidation is later. */
  filled: boolean;
};

/** An entry, as an invalidation sees it. */
export const startOfEntry = (entry: Doc<"values">): Started => ({
  name: entry.name,
  tenant: entry.tenant,
  tags: entry.tags,
  startedAt: entry.startedAt,
  createdAt: entry._creationTime,
  filled: entry.token !== undefined,
});

/** A fill, as an invalidation sees it. Its tags are known when its value is. */
export const startOfFill = (
  fill: Pick<Doc<"fills">, "startedAt" | "beganAt" | "_creationTime">,
  { name, tenant, tags }: Labels,
): Started => ({
  name,
  tenant,
  tags,
  startedAt: fill.startedAt,
  createdAt: fill.beganAt ?? fill._creationTime,
  filled: true,
});

/** What the invalidations make of an entry: `expiredAt` (ms) is when one made it stale. */
export type ValidityOf = { valid: boolean; expiredAt: number | null };

/** The invalidations that decide on an entry: the latest that removes it, the first that made it stale. */
export type Causes = { removal: Invalidation | null; expiry: Invalidation | null };

/** When an invalidation was made, in ms. */
export const momentOf = ({ _creationTime }: Invalidation) => Math.floor(_creationTime);

/** Whether one invalidation makes what is compared with it invalid. */
export function removes(invalidation: Invalidation, started: Started): boolean {
  const { before, mode } = invalidation;
  return (
    mode === "remove" &&
    isLater(invalidation, started) &&
    (before === undefined || Math.floor(started.createdAt) <= before)
  );
}

/**
 * Whether an invalidation is later than the start of a value: in the order of
 * commits, and within a transaction in the order of insertion.
 */
export function isLater(
  invalidation: Pick<Invalidation, "at" | "_creationTime">,
  started: Pick<Started, "startedAt" | "createdAt" | "filled">,
): boolean {
  const order = compareCommits(invalidation.at, started.startedAt);
  if (order !== 0) return order > 0;
  return !started.filled && invalidation._creationTime > started.createdAt;
}

/** Tells what is valid within one transaction, reading each tag's newest invalidation once. */
export class Validity {
  readonly #ctx: QueryCtx;
  readonly #newest = new Map<string, Promise<Invalidation | null>>();

  constructor(ctx: QueryCtx) {
    this.#ctx = ctx;
  }

  /** Whether no invalidation that covers it is later, and when one made it stale. */
  async of(started: Started): Promise<ValidityOf> {
    const { removal, expiry } = await this.causes(started);
    return { valid: removal === null, expiredAt: expiry && momentOf(expiry) };
  }

  /** Which invalidations that cover it are later, of those that decide. */
  async causes(started: Started): Promise<Causes> {
    const tags = coveringTags(started);
    const causes = await Promise.all(tags.map((tag) => this.#under(tag, started)));
    const expiries = causes.map(({ expiry }) => expiry);
    return {
      removal: latest(causes.map(({ removal }) => removal)),
      expiry: pick(expiries, (one, other) => one._creationTime < other._creationTime),
    };
  }

  /** The latest invalidation that covers what has these labels, whenever that began. */
  async latestUnder(labels: Labels): Promise<Invalidation | null> {
    return latest(await Promise.all(coveringTags(labels).map((tag) => this.#newestOf(tag))));
  }

  /** Whether no invalidation that covers it is later, those aside that make it stale. */
  async isValid(started: Started): Promise<boolean> {
    return (await this.of(started)).valid;
  }

  async #under(tag: string, started: Started): Promise<Causes> {
    const newest = await this.#newestOf(tag);
    if (newest === null || !isLater(newest, started)) return { removal: null, expiry: null };
    if (removes(newest, started)) return { removal: newest, expiry: null };
    return {
      removal: await this.#removalUnder(tag, started),
      expiry: await this.#firstExpiry(tag, started),
    };
  }

  #newestOf(tag: string) {
    const newest =
      this.#newest.get(tag) ??
      this.#ctx.db
        .query("invalidations")
        .withIndex("tag", (q) => q.eq("tag", tag))
        .order("desc")
        .first();
    this.#newest.set(tag, newest);
    return newest;
  }

  /** The newest removal may spare what was created lately, and an older one not. */
  async #removalUnder(tag: string, started: Started): Promise<Invalidation | null> {
    const removals = this.#ctx.db
      .query("invalidations")
      .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "remove"))
      .order("desc");
    for await (const removal of removals) {
      if (!isLater(removal, started)) return null;
      if (removes(removal, started)) return removal;
    }
    return null;
  }

  /** The first expiry counts, for those that follow extend nothing. */
  async #firstExpiry(tag: string, started: Started): Promise<Invalidation | null> {
    const { startedAt } = started;
    const expiries = this.#ctx.db
      .query("invalidations")
      .withIndex("mode", (q) =>
        typeof startedAt === "bigint"
          ? q.eq("tag", tag).eq("mode", "expire").gte("at", startedAt)
          : q.eq("tag", tag).eq("mode", "expire"),
      );
    for await (const expiry of expiries) {
      if (isLater(expiry, started)) return expiry;
    }
    return null;
  }
}

const latest = (invalidations: (Invalidation | null)[]) =>
  pick(invalidations, (one, other) => compareCommits(one.at, other.at) > 0);

/** The one that comes before all others in an order; null where there is none. */
function pick(
  invalidations: (Invalidation | null)[],
  comesBefore: (one: Invalidation, other: Invalidation) => boolean,
): Invalidation | null {
  return invalidations.reduce(
    (picked, next) => (next && (picked === null || comesBefore(next, picked)) ? next : picked),
    null,
  );
}
