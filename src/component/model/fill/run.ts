import type { FunctionHandle } from "convex/server";
import type { Value } from "convex/values";
import { eventOf, refreshed } from "../../../shared/events.js";
import type { ReservedFill } from "../../../shared/fillProtocol.js";
import { batchRuns } from "../../../shared/engine/batchRuns.js";
import { fillCalls } from "../../../shared/engine/fillCalls.js";
import { scheduledFills } from "../../../shared/engine/scheduledFill.js";
import type { Runner } from "../../../shared/protocol.js";
import { storeByNumbers } from "../../../shared/storing.js";
import { unsettled, Warnings } from "../../../shared/warnings.js";
import { fromWire } from "../../../shared/wire.js";
import { api } from "../../_generated/api.js";
import type { ActionCtx } from "../../_generated/server.js";

const warningsOf = new Map<string, Warnings>();

type Refresher = FunctionHandle<
  "action",
  { token: string; args: Value; more?: { token: string; args: Value }[] }
>;

/** How the app's own function is called to run fills: with one of them, and the others. */
export function callOf(
  { refresher }: Extract<Runner, { kind: "app" }>,
  fills: ReservedFill[],
): [Refresher, Refresher["_args"]] {
  const [first, ...more] = fills.map(({ token, args }) => ({ token, args }));
  return [refresher as Refresher, { ...first!, ...(more.length > 0 && { more }) }];
}

/** Runs reserved fills of one runner: in the component by the action's handle, or by the app's own function. */
export async function runReserved(ctx: ActionCtx, fills: ReservedFill[]): Promise<void> {
  const { name, runner } = fills[0]!;
  if (runner.kind === "app") {
    await ctx.runAction(...callOf(runner, fills));
    return;
  }
  const warnings = warningsOf.get(name) ?? new Warnings(name);
  warningsOf.set(name, warnings);
  const warn = (kind: string, message: string) => warnings.warn(kind, message);
  const calls = fillCalls(
    {
      begin: (requests) => ctx.runMutation(api.fills.begin, { requests }),
      heartbeat: (tokens) => ctx.runMutation(api.fills.heartbeat, { tokens }),
      settle: (requests) => ctx.runMutation(api.fills.settle, { requests }),
    },
    warn,
  );
  const run = runOf(ctx, name, runner);
  const all = await scheduledFills({
    fills,
    name,
    calls,
    prepare: (begun, { key, tenant, token, args: scheduledArgs }) => {
      const args = begun.args ?? { value: scheduledArgs };
      const figures = runner.tracking?.figures;
      const request = { name, key, tenant, force: false, figures, args, runner };
      return {
        run: () => run(fromWire(args)),
        store: (value) => storeByNumbers(value as Value, runner),
        settle: (result) => calls.settle({ name, key, tenant, token, figures }, result),
        errorTtl: runner.errorTtl,
        scheduleAgain: () => ctx.runMutation(api.fills.schedule, { requests: [request] }),
        onUnsettled: (error) => warn(...unsettled(error)),
      };
    },
    warn,
  });
  // Where `log` is a function of the app's, only a refresher can call it.
  if (!runner.log) return;
  all.forEach((filled, index) => {
    if (filled !== null) console.log(JSON.stringify(eventOf(fills[index]!, refreshed(filled))));
  });
}

/** Runs one fill, together with those of the same tick where there is a batch action. */
function runOf(
  ctx: ActionCtx,
  name: string,
  { action, batch }: Extract<Runner, { kind: "component" }>,
): (args: Value) => Promise<unknown> {
  const one = (args: Value) => ctx.runAction(action as FunctionHandle<"action">, args);
  if (batch === undefined) return one;
  return batchRuns({
    name,
    max: batch.max,
    all: (items) => ctx.runAction(batch.action as FunctionHandle<"action">, { items }),
    one: action === undefined ? undefined : one,
  });
}
