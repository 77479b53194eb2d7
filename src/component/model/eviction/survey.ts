import { type Infer, type ObjectType, v } from "convex/values";
import type { QueryCtx } from "../../_generated/server.js";
import { commitPosition } from "../scan.js";
import { chooseInvalid, Chosen, chooseStale, evictionJob } from "./chosen.js";
import { changes, countChanges } from "./count.js";
import { chooseBySieve } from "./sieve.js";

/** What a cache holds, as it was counted, and how far the hand has gone. */
const counted = v.object({
  entries: v.number(),
  bytes: v.number(),
  countedTo: v.optional(v.int64()),
  hand: v.optional(commitPosition),
});

export const surveyRequest = { job: v.object(evictionJob), from: counted, now: v.number() };

/** What came and went since the last batch, whom to evict, whom to spare, and where the hand is then. */
export const evictionPage = v.object({
  ...changes,
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
  const { isWhole, arrived, departed } = await countChanges(ctx, job.name, from.countedTo ?? 0n);
  const chosen = new Chosen(job, [from, arrived, ...departed], arrived.countedTo);
  await chooseStale(ctx, chosen, now);
  await chooseInvalid(ctx, chosen);
  const { isDone, ...sieved } = await chooseBySieve(ctx, chosen, from.hand);
  return { arrived, departed, ...sieved, victims: [...chosen.ids], isDone: isDone && isWhole };
}
