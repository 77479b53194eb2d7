import type { FunctionHandle } from "convex/server";
import type { Value } from "convex/values";
import { uncarry } from "../../shared/carry.js";
import { runFill } from "../../shared/fill.js";
import { Heartbeat } from "../../shared/heartbeat.js";
import { storeByNumbers } from "../../shared/storing.js";
import { api } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { ActionCtx } from "../_generated/server.js";
import type { Reserved } from "./scheduling.js";

/** Runs a reserved fill: in the component by the action's handle, or by the app's own function. */
export async function runReserved(ctx: ActionCtx, fill: Reserved): Promise<void> {
  const { token, name, key, tenant, args, runner } = fill;
  if (runner.kind === "app") {
    const refresher = runner.refresher as FunctionHandle<"action">;
    await ctx.runAction(refresher, { token, args });
    return;
  }
  const begun = await ctx.runMutation(api.fills.begin, { token, name });
  if (begun === null) return;
  const action = runner.action as FunctionHandle<"action">;
  const actionArgs = begun.args === null ? args : uncarry(begun.args);
  const heartbeat = new Heartbeat((tokens) =>
    ctx.runMutation(api.fills.heartbeat, { tokens: tokens as Id<"fills">[] }),
  );
  const filling = heartbeat.during(token, () =>
    runFill({
      run: () => ctx.runAction(action, actionArgs),
      store: (value) => storeByNumbers(value as Value, runner),
      settle: (result) => ctx.runMutation(api.fills.settle, { token, name, key, tenant, result }),
      errorTtl: runner.errorTtl,
    }),
  );
  // What the action threw is in its own log, and recorded for those who wait.
  await filling.catch(() => {});
}
