import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { compareCommits, type CommitTs } from "./commitOrder.js";
import { impliedTags, type Labels, listedTags } from "./tags.js";

type Invalidation = Doc<"invalidations">;

/** What an invalidation is compared with: when a value's fill began. */
export type Started = Labels & {
  startedAt: CommitTs | undefined;
  /** When the value was stored, or its fill was claimed if it still runs, in ms. */
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
  fill: Pick<Doc<"fills">, "startedAt" | "_creationTime">,
  { name, tenant, tags }: Labels,
): Started => ({
  name,
  tenant,
  tags,
  startedAt: fill.startedAt,
  createdAt: fill._creationTime,
  filled: true,
});

/** What the invalidations make of an entry: `expiredAt` (ms) is when one made it stale. */
export type Verdict = { alive: boolean; expiredAt: number | null };

/** Whether one invalidation makes what is compared with it dead. */
export function kills(invalidation: Invalidation, started: Started): boolean {
  const { before, mode } = invalidation;
  return (
    mode === "remove" &&
    isLater(invalidation, started) &&
    (before === undefined || Math.floor(started.createdAt) <= before)
  );
}

/** Judges entries and fills within one transaction, reading each tag's newest invalidation once. */
export class Judge {
  readonly #newest = new Map<string, Promise<Invalidation | null>>();

  constructor(private readonly ctx: QueryCtx) {}

  /** Whether no invalidation that covers it is later, and which made it stale. */
  async judge(started: Started): Promise<Verdict> {
    const tags = [...impliedTags(started), ...listedTags(started)];
    const verdicts = await Promise.all(tags.map((tag) => this.#judgeBy(tag, started)));
    const times = verdicts.flatMap(({ expiredAt }) => expiredAt ?? []);
    return {
      alive: verdicts.every(({ alive }) => alive),
      expiredAt: times.length > 0 ? Math.min(...times) : null,
    };
  }

  /** Whether no invalidation that covers it is later, those aside that make it stale. */
  async isAlive(started: Started): Promise<boolean> {
    return (await this.judge(started)).alive;
  }

  async #judgeBy(tag: string, started: Started): Promise<Verdict> {
    const newest = await this.#newestOf(tag);
    if (newest === null || !isLater(newest, started)) return { alive: true, expiredAt: null };
    if (kills(newest, started)) return { alive: false, expiredAt: null };
    return {
      alive: !(await this.#isKilledBy(tag, started)),
      expiredAt: await this.#firstExpiry(tag, started),
    };
  }

  #newestOf(tag: string) {
    const newest =
      this.#newest.get(tag) ??
      this.ctx.db
        .query("invalidations")
        .withIndex("tag", (q) => q.eq("tag", tag))
        .order("desc")
        .first();
    this.#newest.set(tag, newest);
    return newest;
  }

  /** The newest removal may spare what was created lately, and an older one not. */
  async #isKilledBy(tag: string, started: Started): Promise<boolean> {
    const removals = this.ctx.db
      .query("invalidations")
      .withIndex("mode", (q) => q.eq("tag", tag).eq("mode", "remove"))
      .order("desc");
    for await (const removal of removals) {
      if (!isLater(removal, started)) return false;
      if (kills(removal, started)) return true;
    }
    return false;
  }

  /** The first expiry counts, for those that follow extend nothing. */
  async #firstExpiry(tag: string, started: Started): Promise<number | null> {
    const { startedAt } = started;
    const expiries = this.ctx.db
      .query("invalidations")
      .withIndex("mode", (q) =>
        typeof startedAt === "bigint"
          ? q.eq("tag", tag).eq("mode", "expire").gte("at", startedAt)
          : q.eq("tag", tag).eq("mode", "expire"),
      );
    for await (const expiry of expiries) {
      if (isLater(expiry, started)) return Math.floor(expiry._creationTime);
    }
    return null;
  }
}

/** In the order of commits; within a transaction, in the order of insertion. */
function isLater(invalidation: Invalidation, started: Started): boolean {
  const order = compareCommits(invalidation.at, started.startedAt);
  if (order !== 0) return order > 0;
  return !started.filled && invalidation._creationTime > started.createdAt;
}
