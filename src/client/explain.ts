import type { Explained, Explanation } from "../shared/inspectProtocol.js";
import type { EntryKey, ReadOptions } from "../shared/protocol.js";
import type { Cache } from "./cache.js";
import { readValue } from "./checkValue.js";
import type { QueryContext } from "./contexts.js";
import type { FetchCall } from "./fetchCall.js";

/** Explains what a fetch would find. Reads no clock; the value only where there is a check for it. */
export async function explain(ctx: QueryContext, call: FetchCall): Promise<Explanation> {
  const entryKey = await call.entryKey();
  const { content: _, ...rest } = await explainEntry(ctx, call.cache, call.readOptions, entryKey);
  return rest;
}

/** Explains what a fetch of an entry would find; `withContent`, and what is stored. */
export async function explainEntry(
  ctx: QueryContext,
  cache: Cache,
  read: ReadOptions,
  entryKey: EntryKey,
  withContent = false,
): Promise<Explained> {
  const isChecked = cache.config.checkValue !== undefined;
  const request = { ...entryKey, read, withContent: withContent || isChecked };
  const explained = await ctx.runQuery(cache.component.inspect.explain, request);
  const { content, entry } = explained;
  if (content === undefined || entry === null) return explained;
  return { ...explained, entry: { ...entry, unusable: readValue(cache, content).unusable } };
}
