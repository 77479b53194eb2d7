import type { Explanation } from "../shared/inspectProtocol.js";
import { readValue } from "./checkValue.js";
import type { QueryContext } from "./contexts.js";
import type { FetchCall } from "./fetchCall.js";

/** Explains what a fetch would find. Reads no clock; the value only where there is a check for it. */
export async function explain(ctx: QueryContext, call: FetchCall): Promise<Explanation> {
  const { cache, readOptions: read } = call;
  const withContent = cache.config.checkValue !== undefined;
  const request = { ...(await call.entryKey()), read, withContent };
  const { content, ...rest } = await ctx.runQuery(cache.component.inspect.explain, request);
  const { entry } = rest;
  if (content === undefined || entry === null) return rest;
  return { ...rest, entry: { ...entry, unusable: readValue(cache, content).unusable } };
}
