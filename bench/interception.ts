/**
 * Contexts that stop a fetch halfway. The mutations that a fetch consists of are
 * its client's own, so the client calls them here as it does in an app.
 */
import { type FunctionReference, getFunctionAddress } from "convex/server";
import type { ActionContext } from "../src/client/contexts.js";

/** A call of a mutation, made or not. */
export type Call<Args> = { reference: FunctionReference<"mutation", "internal">; args: Args };

const isNamed = ({ reference }: Call<unknown>, name: string) =>
  getFunctionAddress(reference).reference?.endsWith(`/${name}`) === true;

/** Keeps the calls that would end a fill, and lets them fail. */
export function withholdingSettle<Args>(ctx: ActionContext, kept: Call<Args>[]): ActionContext {
  return intercepting(ctx, async (call, run) => {
    if (!isNamed(call, "settle")) return await run();
    kept.push(call as Call<Args>);
    throw new Error("withheld");
  });
}

/** Lets the claim be made and then fail, so that the fetch runs the action for itself. */
export function onlyClaiming(ctx: ActionContext): ActionContext {
  return intercepting(ctx, async (call, run) => {
    if (isNamed(call, "claim")) await run();
    throw new Error("the fetch ends here");
  });
}

function intercepting(
  ctx: ActionContext,
  intercept: (call: Call<unknown>, run: () => Promise<unknown>) => Promise<unknown>,
): ActionContext {
  const runMutation = (reference: Call<unknown>["reference"], args: Record<string, never>) =>
    intercept({ reference, args }, () => ctx.runMutation(reference, args));
  return { ...ctx, runMutation: runMutation as ActionContext["runMutation"] };
}
