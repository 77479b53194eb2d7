/** The operator's command line. */
import type { FunctionArgs, FunctionReference, FunctionReturnType } from "convex/server";
import { convexToJson, jsonToConvex, type Value } from "convex/values";
import { internal } from "../component/_generated/api.js";
import type { createApp } from "./app.js";

type Operate = typeof internal.operate;
type App = Pick<ReturnType<typeof createApp>, "inComponent">;

/** Runs a command as `npx convex run` does: what it is given and what it answers crosses as JSON. */
export async function run<Name extends keyof Operate>(
  { inComponent }: App,
  command: Name,
  args: FunctionArgs<Operate[Name]>,
): Promise<FunctionReturnType<Operate[Name]>> {
  const reference = internal.operate[command] as FunctionReference<
    "query" | "mutation",
    "internal"
  >;
  const sent = jsonToConvex(convexToJson(args as Value)) as never;
  const answer: unknown = await inComponent((ctx) =>
    command === "clear" || command === "purge"
      ? ctx.runMutation(reference as FunctionReference<"mutation", "internal">, sent)
      : ctx.runQuery(reference as FunctionReference<"query", "internal">, sent),
  );
  return answer as FunctionReturnType<Operate[Name]>;
}
