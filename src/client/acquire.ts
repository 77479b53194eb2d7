import type { ComponentApi } from "../component/_generated/component.js";
import { sleep } from "../shared/engine/alarm.js";
import { evidenceOf, LeaseWatch, type Watched } from "../shared/engine/leaseWatch.js";
import type { AcquireRequest } from "../shared/lockProtocol.js";
import type { MutationContext } from "./contexts.js";

/**
 * Acquires a lock, in an action within so many ms of timers that rang. Resolves to
 * its token, or to null if it did not become free in that time.
 */
export async function acquireWithin(
  ctx: MutationContext,
  { locks }: ComponentApi,
  request: AcquireRequest,
  waitMs: number,
): Promise<string | null> {
  let waitedMs = 0;
  let seen: { watched: Watched; ttl: number } | undefined;
  for (;;) {
    const watched = seen && evidenceOf(seen.watched, seen.ttl);
    const answer = await ctx.runMutation(locks.acquire, { ...request, watched });
    if (answer.kind === "acquired") return answer.token;
    const watch = new LeaseWatch(answer, answer.ttl, seen?.watched);
    let deadline: number | null = answer.deadline;
    while (deadline !== null && !watch.isOver) {
      if (waitedMs >= waitMs) return null;
      const delay = Math.min(watch.nextDelay(), Math.ceil(waitMs - waitedMs));
      await sleep(delay);
      waitedMs += delay;
      watch.slept(delay);
      deadline = await ctx.runQuery(locks.poll, { token: watch.token });
      if (deadline !== null) watch.saw(deadline);
    }
    seen = { watched: watch.watched, ttl: answer.ttl };
  }
}
