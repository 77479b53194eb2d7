import { refreshed } from "../shared/events.js";
import { scheduledFills } from "../shared/engine/scheduledFill.js";
import { fromWire } from "../shared/wire.js";
import type { Cache } from "./cache.js";
import { type Previous, previousOf } from "./compute.js";
import type { ActionContext } from "./contexts.js";
import { type FetchCall, fetchCall } from "./fetchCall.js";
import { fillSteps } from "./fill.js";
import { report } from "./log.js";
import { type FetchScope, scopeOf } from "./scope/scope.js";

/** A fill that was scheduled; `args` is null where they are stored for it. */
export type ScheduledFill = { token: string; args: unknown };

export type RunScheduled = typeof runScheduled;

/** Runs fills that were scheduled together, in the app's own code. */
export async function runScheduled(
  ctx: ActionContext,
  cache: Cache,
  fills: ScheduledFill[],
): Promise<void> {
  const { name, warnings } = cache;
  const scope = scopeOf(ctx, cache);
  const tenants = new Map<string, string | undefined>();
  const all = await scheduledFills({
    fills,
    name,
    calls: scope.calls,
    prepare: async ({ args: storedArgs, tenant }, { token, args }) => {
      tenants.set(token, tenant);
      const fillArgs = storedArgs === null ? args : fromWire(storedArgs);
      const call = fetchCall({ ...cache, tenant }, fillArgs);
      return fillSteps(scope, call, await call.entryKey(), token, await previous(scope, call));
    },
    warn: (kind, message) => warnings.warn(kind, message),
  });
  all.forEach((filled, index) => {
    if (filled === null) return;
    const tenant = tenants.get(fills[index]!.token);
    report({ ...cache, tenant }, refreshed(filled));
  });
}

/** The stored value that a refresh may compute from. A lookup that fails costs it no more than that. */
async function previous(scope: FetchScope, call: FetchCall): Promise<Previous | undefined> {
  if (!call.cache.config.compute) return undefined;
  try {
    const { entry } = await scope.lookUp(call.entryKey());
    return entry === null ? undefined : previousOf(call.cache, entry);
  } catch {
    return undefined;
  }
}
