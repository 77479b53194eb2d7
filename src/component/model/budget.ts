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

/** Whether so many bytes more are within what a page of answers may move. */
export async function isWithinPage(ctx: Metered, bytes: number): Promise<boolean> {
  const { bytesRead } = await ctx.meta.getTransactionMetrics();
  return bytesRead.used + bytes <= MAX_PAGE_BYTES;
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
  answer: (request: Request, isFirst: boolean) => Promise<Answer | typeof LATER>,
): Promise<Answer[]> {
  const page: Answer[] = [];
  for (const request of requests) {
    const isFirst = page.length === 0;
    const hasRoom = isFirst || ((await hasRoomFor(ctx, need)) && (await isWithinPage(ctx, 0)));
    if (!hasRoom) break;
    const answered = await answer(request, isFirst);
    if (answered === LATER) break;
    page.push(answered);
  }
  return page;
}

/** Whether the parts of an entry's value are within what is left of a page. */
export async function hasRoomForParts(
  ctx: Metered,
  { parts, partsBytes }: Pick<Doc<"values">, "parts" | "partsBytes">,
): Promise<boolean> {
  if (parts === undefined || partsBytes === undefined) return true;
  const bytesRead = partsBytes + parts.length * PART_OVERHEAD_BYTES;
  return (
    (await isWithinPage(ctx, bytesRead)) &&
    (await hasRoomFor(ctx, { bytesRead, databaseQueries: parts.length }))
  );
}
