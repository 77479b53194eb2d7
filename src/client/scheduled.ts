import { scheduledFill } from "../shared/engine/scheduledFill.js";
import { fromWire } from "../shared/wire.js";
import type { ActionContext } from "./contexts.js";
import type { Cache } from "./cache.js";
import { type Previous, previousOf } from "./compute.js";
import { FetchCall } from "./fetchCall.js";
import { fillSteps } from "./fill.js";
import { report } from "./log.js";
import { type FetchScope, scopeOf } from "./scope/scope.js";

/** The stored value that a refresh may compute from. A lookup that fails costs it no more than that. */
async function previous(scope: FetchScope, call: FetchCall): Promise<Previous | undefined> {
  if (!call.takesPrevious) return undefined;
  const { entry } = await scope.lookUp(call.entryKey()).catch(() => ({ entry: null }));
  return entry === null ? undefined : previousOf(entry);
}

/** Runs a fill that was scheduled, in the app's own code. */
export async function runScheduled(
  ctx: ActionContext,
  cache: Cache,
  token: string,
  args: unknown,
): Promise<void> {
  const { name, warnings } = cache;
  const { fills } = cache.component;
  let tenant: string | undefined;
  const filled = await scheduledFill({
    token,
    name,
    begin: (request) => ctx.runMutation(fills.begin, request),
    heartbeat: (tokens) => ctx.runMutation(fills.heartbeat, { tokens }),
    prepare: async (begun) => {
      tenant = begun.tenant;
      const fillArgs = begun.args === null ? args : fromWire(begun.args);
      const call = new FetchCall({ ...cache, tenant }, fillArgs);
      const scope = scopeOf(ctx, cache);
      return fillSteps(scope, call, await call.entryKey(), token, await previous(scope, call));
    },
    warn: (kind, message) => warnings.warn(kind, message),
  });
  if (filled === null) return;
  const { put, reason, fillMs } = filled;
  const why = reason === undefined ? {} : { reason };
  report({ ...cache, tenant }, { get: "refresh", put, ...why, fillMs });
}
