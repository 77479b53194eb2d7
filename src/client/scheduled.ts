import { refreshed } from "../shared/events.js";
import { scheduledFill } from "../shared/engine/scheduledFill.js";
import { fromWire } from "../shared/wire.js";
import type { ActionContext } from "./contexts.js";
import type { Cache } from "./cache.js";
import { FetchCall } from "./fetchCall.js";
import { fillSteps } from "./fill.js";
import { report } from "./log.js";
import { scopeOf } from "./scope/scope.js";

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
      return fillSteps(scopeOf(ctx, cache), call, await call.entryKey(), token);
    },
    warn: (kind, message) => warnings.warn(kind, message),
  });
  if (filled !== null) report({ ...cache, tenant }, refreshed(filled));
}
