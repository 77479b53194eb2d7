import type { ComponentApi } from "../component/_generated/component.js";
import { uncarry } from "../shared/carry.js";
import { Heartbeat } from "../shared/heartbeat.js";
import type { ActionContext, MutationContext } from "./contexts.js";
import { runUnder } from "./filling.js";
import type { LogEvent } from "./log.js";
import type { Policy } from "./policy.js";

/** What a mutation is given: a value, or null where there is none to be had without the action. */
export type FetchedInMutation = { value: unknown; event: Pick<LogEvent, "get"> };

/**
 * Fetches in a mutation, which can't run the action: returns the stored value
 * if it is fresh, or stale within the window, and schedules a refresh, in this
 * transaction, of one that is not fresh.
 */
export async function fetchInMutation(
  ctx: MutationContext,
  component: ComponentApi,
  policy: Policy,
  force: boolean,
): Promise<FetchedInMutation> {
  policy.checkBackground("`fetch` in a mutation");
  const placing = policy.place();
  const [found] = await ctx.runQuery(component.entries.read, {
    requests: [{ ...(await placing), failures: policy.errorTtl > 0 }],
  });
  const { entry = null, failure = null } = found ?? {};
  const now = Date.now();
  const fresh = entry !== null && now < policy.expiryOf(entry);
  const stale = entry !== null && !fresh && now < policy.staleUntil(entry);
  const failed = failure !== null && now < failure.until;
  if (force || (!failed && (!fresh || policy.refreshesAhead(entry)))) {
    const seen = entry === null || force ? {} : { seen: entry.id };
    const request = { ...(await policy.schedule(placing, force)), ...seen };
    await ctx.runMutation(component.fills.schedule, { requests: [request] });
  }
  const value = fresh || stale ? uncarry(entry.content) : null;
  return { value, event: { get: fresh ? "hit" : stale ? "stale" : "miss" } };
}

/** Runs a fill that was scheduled, in the app's own code; does nothing if it was voided or replaced. */
export async function runScheduled(
  ctx: ActionContext,
  component: ComponentApi,
  policyFor: (args: unknown, tenant?: string) => Policy,
  { token, name, args }: { token: string; name: string; args: unknown },
): Promise<void> {
  const begun = await ctx.runMutation(component.fills.begin, { token, name });
  if (begun === null) return;
  const policy = policyFor(begun.args === null ? args : uncarry(begun.args), begun.tenant);
  const place = await policy.place();
  const heartbeat = new Heartbeat((tokens) =>
    ctx.runMutation(component.fills.heartbeat, { tokens }),
  );
  const filling = heartbeat.during(token, () => runUnder({ ctx, component }, policy, place, token));
  // What the action threw is in its own log, and recorded for those who wait.
  await filling.catch(() => {});
}
