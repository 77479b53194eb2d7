import type { Value } from "convex/values";
import { MINUTE } from "../../shared/time.js";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { ActionCtx, MutationCtx } from "../_generated/server.js";
import { decode } from "./codec.js";
import { Judge } from "./judge.js";
import { runReserved } from "./running.js";
import { reserveFill, type Reserved } from "./scheduling.js";

/** A small deployment runs eight scheduled functions at once; this leaves it most of its actions. */
const AT_ONCE = 8;

/** Entries that can't be filled again, or are being filled, are passed over so many at a time. */
const VISITED_AT_ONCE = 256;

/** How long one action goes on before it hands over to the next; it may run for 10 minutes. */
const TURN_MS = 4 * MINUTE;

/** The last entry visited, in the order in which a tag lists them. */
type Position = { startedAt: bigint; listedAt: number };

/**
 * Fills again what invalidations made dead or stale: of each in turn, a few
 * entries at once, so that an app's own actions find room.
 */
export async function rehydrate(
  ctx: ActionCtx,
  job: { invalidations: Id<"invalidations">[]; after?: Position },
): Promise<void> {
  const began = Date.now();
  let [invalidation, ...rest] = job.invalidations;
  let { after } = job;
  while (invalidation !== undefined) {
    if (Date.now() - began > TURN_MS) {
      const left = { invalidations: [invalidation, ...rest], after };
      await ctx.scheduler.runAfter(0, internal.rehydration.run, left);
      return;
    }
    const page: { fills: Reserved[]; after: Position | null } = await ctx.runMutation(
      internal.rehydration.reserve,
      { invalidation, after },
    );
    await Promise.allSettled(page.fills.map((fill) => runReserved(ctx, fill)));
    after = page.after ?? undefined;
    if (page.after === null) [invalidation, ...rest] = rest;
  }
}

/** Reserves the fills of the next few entries that an invalidation lists; at the end, `after` is null. */
export async function reservePage(
  ctx: MutationCtx,
  id: Id<"invalidations">,
  after: Position | undefined,
): Promise<{ fills: Reserved[]; after: Position | null }> {
  const invalidation = await ctx.db.get("invalidations", id);
  const fills: Reserved[] = [];
  if (invalidation === null) return { fills, after: null };
  const judge = new Judge(ctx);
  let visited = 0;
  const listed = ctx.db.query("tags").withIndex("tag", (q) =>
    q
      .eq("tag", invalidation.tag)
      .gte("startedAt", after?.startedAt ?? 0n)
      .lte("startedAt", invalidation.at),
  );
  for await (const { startedAt, origin: originId, _creationTime: listedAt } of listed) {
    if (typeof startedAt !== "bigint") continue;
    if (startedAt === after?.startedAt && listedAt <= after.listedAt) continue;
    const origin = originId && (await ctx.db.get("origins", originId));
    if (origin) {
      const { name, tenant, runner } = origin;
      const key = origin.key as Value;
      const args = decode(new Uint8Array(origin.args));
      const request = { name, key, tenant, runner, args, force: false };
      const fill = await reserveFill(ctx, judge, request);
      if (fill !== null) fills.push(fill);
    }
    visited += 1;
    if (fills.length === AT_ONCE || visited === VISITED_AT_ONCE) {
      return { fills, after: { startedAt, listedAt } };
    }
  }
  const state = invalidation.mode === "expire" ? "expiring" : "pending";
  await ctx.db.patch("invalidations", id, { state });
  return { fills, after: null };
}
