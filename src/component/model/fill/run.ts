import type { FunctionHandle } from "convex/server";
import type { Value } from "convex/values";
import { eventOf, refreshed } from "../../../shared/events.js";
import type { ReservedFill } from "../../../shared/fillProtocol.js";
import { scheduledFill } from "../../../shared/engine/scheduledFill.js";
import { storeByNumbers } from "../../../shared/storing.js";
import { unsettled, Warnings } from "../../../shared/warnings.js";
import { fromWire } from "../../../shared/wire.js";
import { api } from "../../_generated/api.js";
import type { ActionCtx } from "../../_generated/server.js";

const warningsOf = new Map<string, Warnings>();

/** Runs a reserved fill: in the component by the action's handle, or by the app's own function. */
export async function runReserved(ctx: ActionCtx, fill: ReservedFill): Promise<void> {
  const { token, name, tenant, runner } = fill;
  const key = fill.key;
  if (runner.kind === "app") {
    const args = fill.args;
    await ctx.runAction(runner.refresher as FunctionHandle<"action">, { token, args });
    return;
  }
  const action = runner.action as FunctionHandle<"action">;
  const warnings = warningsOf.get(name) ?? new Warnings(name);
  warningsOf.set(name, warnings);
  const filled = await scheduledFill({
    token,
    name,
    begin: (request) => ctx.runMutation(api.fills.begin, request),
    heartbeat: (tokens) => ctx.runMutation(api.fills.heartbeat, { tokens }),
    prepare: (begun) => {
      const args = begun.args ?? { value: fill.args };
      const figures = runner.tracking?.figures;
      const request = { name, key, tenant, force: false, figures, args, runner };
      return {
        run: () => ctx.runAction(action, fromWire(args)),
        store: (value) => storeByNumbers(value as Value, runner),
        settle: (result) =>
          ctx.runMutation(api.fills.settle, { token, name, key, tenant, result, figures }),
        errorTtl: runner.errorTtl,
        scheduleAgain: () => ctx.runMutation(api.fills.schedule, { requests: [request] }),
        onUnsettled: (error) => warnings.warn(...unsettled(error)),
      };
    },
    warn: (kind, message) => warnings.warn(kind, message),
  });
  // Where `log` is a function of the app's, only a refresher can call it.
  if (filled !== null && runner.log) console.log(JSON.stringify(eventOf(fill, refreshed(filled))));
}
