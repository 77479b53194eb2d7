import { MAX_DOCUMENT_BYTES, MAX_PAGE_BYTES, PART_OVERHEAD_BYTES } from "../../shared/limits.js";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

type Metered = Pick<QueryCtx, "meta">;

/** What a step may use of its transaction. */
export type Need = {
  bytesRead?: number;
  documentsRead?: number;
  documentsWritten?: number;
  databaseQueries?: number;
  functionsScheduled?: number;
  scheduledFunctionArgsBytes?: number;
};

/** Reading and replacing an entry whose document is of any size, with as many tags as it may have. */
export const ONE_ENTRY: Need = {
  bytesRead: 2 * MAX_DOCUMENT_BYTES,
  documentsRead: 1024,
  documentsWritten: 256,
  databaseQueries: 1024,
};

/** Whether the transaction has that much left, whoever used the rest. */
export async function hasRoomFor(ctx: Metered, need: Need): Promise<boolean> {
  const metrics = await ctx.meta.getTransactionMetrics();
  return Object.entries(need).every(
    ([limit, amount]) => metrics[limit as keyof Need].remaining >= amount,
  );
}

/** What one page of answers moves, whatever else its transaction has read before. */
export class Page {
  readonly #ctx: Metered;
  readonly #usedBefore: number;

  private constructor(ctx: Metered, usedBefore: number) {
    this.#ctx = ctx;
    this.#usedBefore = usedBefore;
  }

  static async begin(ctx: Metered): Promise<Page> {
    const { bytesRead } = await ctx.meta.getTransactionMetrics();
    return new Page(ctx, bytesRead.used);
  }

  /** How many bytes more it may move. */
  async bytesLeft(): Promise<number> {
    const { bytesRead } = await this.#ctx.meta.getTransactionMetrics();
    return Math.min(MAX_PAGE_BYTES - (bytesRead.used - this.#usedBefore), bytesRead.remaining);
  }

  /** Whether the parts of an entry's value are within what is left of it. */
  async hasRoomForParts({
    parts,
    partsBytes,
  }: Pick<Doc<"values">, "parts" | "partsBytes">): Promise<boolean> {
    if (parts === undefined || partsBytes === undefined) return true;
    const bytes = partsBytes + parts.length * PART_OVERHEAD_BYTES;
    return (
      bytes <= (await this.bytesLeft()) &&
      (await hasRoomFor(this.#ctx, { databaseQueries: parts.length }))
    );
  }
}

/** An answer that has to wait for the next page. */
export const LATER = Symbol("later");

/**
 * Answers requests in their order, as many as the transaction and a page have
 * room for and at least one: the caller asks again for the rest. An answer that
 * turns out too large for what is left of the page ends it.
 */
export async function answerPage<Request, Answer>(
  ctx: Metered,
  requests: Request[],
  need: Need,
  answer: (request: Request, page: Page | null) => Promise<Answer | typeof LATER>,
): Promise<Answer[]> {
  const page = await Page.begin(ctx);
  const answers: Answer[] = [];
  for (const request of requests) {
    // The first is answered whatever it takes.
    const isFirst = answers.length === 0;
    if (!isFirst && (!(await hasRoomFor(ctx, need)) || (await page.bytesLeft()) < 0)) break;
    const answered = await answer(request, isFirst ? null : page);
    if (answered === LATER) break;
    answers.push(answered);
  }
  return answers;
}
