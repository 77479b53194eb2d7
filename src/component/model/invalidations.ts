import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { compareCommits, type CommitTs } from "./commitOrder.js";

/** The tag that covers every entry. */
export const EVERYTHING = JSON.stringify(["everything"]);

/** The tag that covers the entries of one name. */
export const nameTag = (name: string) => JSON.stringify(["name", name]);

/** The name that a tag covers the entries of, if it is one of those. */
export function nameOfTag(tag: string): string | undefined {
  const [kind, name] = JSON.parse(tag) as string[];
  return kind === "name" ? name : undefined;
}

/** What an invalidation is compared with: when a value's fill began, and when it was stored. */
export type Started = {
  name: string;
  startedAt: CommitTs | undefined;
  /** When the value was stored, or its fill was claimed if it still runs, in ms. */
  createdAt: number;
  /** Whether a fill computed it. One that began in the transaction of an invalidation is later. */
  filled: boolean;
};

/** An entry, as an invalidation sees it. */
export const startOfEntry = (entry: Doc<"values">): Started => ({
  name: entry.name,
  startedAt: entry.startedAt,
  createdAt: entry._creationTime,
  filled: entry.token !== undefined,
});

/** A running fill, as an invalidation sees it. */
export const startOfFill = (fill: Doc<"fills">, name: string): Started => ({
  name,
  startedAt: fill.startedAt,
  createdAt: fill._creationTime,
  filled: true,
});

/** Appends an invalidation: one write, whatever it covers, that conflicts with no other. */
export function invalidate(
  ctx: MutationCtx,
  tag: string,
  before?: number,
): Promise<Id<"invalidations">> {
  return ctx.db.insert("invalidations", {
    tag,
    at: ctx.db.vars.commitTs,
    before,
  });
}

/** Whether one invalidation makes what is compared with it dead. */
export function covers(invalidation: Doc<"invalidations">, started: Started): boolean {
  const { before } = invalidation;
  return (
    isLater(invalidation, started) &&
    (before === undefined || Math.floor(started.createdAt) <= before)
  );
}

/** Judges entries and fills within one transaction, reading each tag's newest invalidation once. */
export class Judge {
  readonly #newest = new Map<string, Promise<Doc<"invalidations"> | null>>();

  constructor(private readonly ctx: QueryCtx) {}

  /** Whether no invalidation that covers it is later. */
  async isAlive(started: Started): Promise<boolean> {
    const verdicts = await Promise.all(
      [EVERYTHING, nameTag(started.name)].map((tag) => this.#isDead(tag, started)),
    );
    return !verdicts.includes(true);
  }

  async #isDead(tag: string, started: Started): Promise<boolean> {
    const newest = await this.#newestOf(tag);
    if (newest === null || !isLater(newest, started)) return false;
    if (covers(newest, started)) return true;
    // The newest spares what was created lately; an older one may not.
    for await (const invalidation of this.#newestFirst(tag)) {
      if (!isLater(invalidation, started)) return false;
      if (covers(invalidation, started)) return true;
    }
    return false;
  }

  #newestOf(tag: string) {
    const newest = this.#newest.get(tag) ?? this.#newestFirst(tag).first();
    this.#newest.set(tag, newest);
    return newest;
  }

  #newestFirst(tag: string) {
    return this.ctx.db
      .query("invalidations")
      .withIndex("tag", (q) => q.eq("tag", tag))
      .order("desc");
  }
}

function isLater(invalidation: Doc<"invalidations">, started: Started): boolean {
  const order = compareCommits(invalidation.at, started.startedAt);
  if (order !== 0) return order > 0;
  return !started.filled && invalidation._creationTime > started.createdAt;
}
