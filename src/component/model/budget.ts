import { MAX_DOCUMENT_BYTES, PART_OVERHEAD_BYTES } from "../../shared/limits.js";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/** What a step may use of its transaction. */
export type Need = {
  bytesRead?: number;
  documentsRead?: number;
  documentsWritten?: number;
  databaseQueries?: number;
  functionsScheduled?: number;
  scheduledFunctionArgsBytes?: number;
};

/** Reading and deleting an entry whose document is of any size, with as many tags as it may have. */
export const ONE_ENTRY: Need = {
  bytesRead: 2 * MAX_DOCUMENT_BYTES,
  documentsRead: 512,
  documentsWritten: 256,
  databaseQueries: 512,
};

/** Whether the transaction has that much left, whoever used the rest. */
export async function hasRoomFor(ctx: Pick<QueryCtx, "meta">, need: Need): Promise<boolean> {
  const metrics = await ctx.meta.getTransactionMetrics();
  return Object.entries(need).every(
    ([limit, amount]) => metrics[limit as keyof Need].remaining >= amount,
  );
}

/**
 * Answers requests in their order, as many as the transaction has room for and
 * at least one: the caller asks again for the rest.
 */
export async function answerPage<Request, Answer>(
  ctx: Pick<QueryCtx, "meta">,
  requests: Request[],
  need: Need,
  answer: (request: Request) => Promise<Answer>,
): Promise<Answer[]> {
  const page: Answer[] = [];
  for (const request of requests) {
    if (page.length > 0 && !(await hasRoomFor(ctx, need))) break;
    page.push(await answer(request));
  }
  return page;
}

/** Whether the parts of an entry's value can still be read, or deleted, in this transaction. */
export async function hasRoomForParts(
  ctx: Pick<QueryCtx, "meta">,
  { parts, partsBytes }: Pick<Doc<"values">, "parts" | "partsBytes">,
): Promise<boolean> {
  if (parts === undefined || partsBytes === undefined) return true;
  return await hasRoomFor(ctx, {
    bytesRead: partsBytes + parts.length * PART_OVERHEAD_BYTES,
    databaseQueries: parts.length,
    documentsWritten: parts.length,
  });
}
