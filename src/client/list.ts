import type { Infer } from "convex/values";
import { badCursor } from "../shared/errors.js";
import type { listedEntry } from "../shared/inspectProtocol.js";
import type { ReadOptions } from "../shared/protocol.js";
import type { Cache } from "./cache.js";
import type { QueryContext } from "./contexts.js";
import { checkCount, checkTags, checkTenant, refusedOnTenant } from "./validate.js";

/** Which entries to list, and how many at once. */
export type ListOptions = {
  /** Only those of this tenant. Default: those of all tenants and of none; of a tenant's view, its own. */
  tenant?: string;
  /** Only those with this tag. Default: all. */
  tag?: string;
  /** The `continueCursor` of the page before; null for the first page. */
  cursor: string | null;
  /** The most entries of a page, from 1 to 1,000. */
  numItems: number;
};

/** An entry as it is listed, without its value; times in ms since 1970. */
export type ListedEntry<Args> = Omit<Infer<typeof listedEntry>, "args"> & {
  /** Null where the cache has a `key` function, or where they are too large to be stored. */
  args: Args | null;
};

/** A page of entries. It may hold fewer than were asked for, or none, and not be the last. */
export type EntryPage<Args> = {
  page: ListedEntry<Args>[];
  isDone: boolean;
  continueCursor: string;
};

/** A page of a cache's entries. Reads no clock. */
export async function list<Args>(
  ctx: QueryContext,
  { name, component, tenant: own }: Cache,
  read: ReadOptions,
  { cursor, numItems, tag, tenant = own }: ListOptions,
): Promise<EntryPage<Args>> {
  checkCount(name, "INVALID_PAGE_SIZE", "`numItems`", numItems);
  if (tenant !== undefined) checkTenant(name, tenant);
  if (tag !== undefined) checkTags(name, "`tag`", [tag]);
  if (own !== undefined && tenant !== own) {
    throw refusedOnTenant(name, own, "`list` lists its entries alone: leave `tenant` out.");
  }
  if (cursor !== null && typeof cursor !== "string") throw badCursor(name, cursor);
  const request = { name, tenant, tag, read, cursor, numItems };
  return await ctx.runQuery(component.inspect.list, request);
}
