import type { GenericDataModel, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { AS_STORED } from "../../shared/freshness.js";
import type { Explained } from "../../shared/inspectProtocol.js";
import type {
  EntriesRequest,
  InspectedEntry,
  InspectedItem,
  InspectedKey,
  InspectedPage,
  ShownValue,
} from "../../shared/inspectorProtocol.js";
import { describeKey, identifyByStored } from "../../shared/key.js";
import type { EntryKey } from "../../shared/protocol.js";
import { jsonOf, toJson, wellFormed } from "../../shared/wire.js";
import type { QueryContext } from "../contexts.js";
import type { EntryPage, ListOptions } from "../list.js";

type QueryCtx = GenericQueryCtx<GenericDataModel>;
type MutationCtx = GenericMutationCtx<GenericDataModel>;

/** A cache, as far as an inspector needs its options: any `ActionCache` is one. */
export type InspectableCache = {
  readonly name: string;
  explainEntry(ctx: QueryContext, entryKey: EntryKey, withContent: boolean): Promise<Explained>;
  list(ctx: QueryContext, options: ListOptions): Promise<EntryPage<unknown>>;
  refresh(ctx: MutationCtx, args: never): Promise<null>;
  forTenant(id: string): Pick<InspectableCache, "refresh">;
};

/** How much of a value's JSON is shown, in characters. */
const MAX_SHOWN = 16 * 1024;

/** The entries of a component, by the options of the caches that are known, else by what is stored. */
export class Inspected {
  readonly #component: ComponentApi;
  readonly #caches: readonly InspectableCache[];

  constructor(component: ComponentApi, caches: readonly InspectableCache[]) {
    this.#component = component;
    this.#caches = caches;
  }

  /** A page of a cache's entries, of which those are left out that a search does not find. */
  async list(ctx: QueryCtx, { search, ...request }: EntriesRequest): Promise<InspectedPage> {
    const listed = await this.#listAll(ctx, request);
    if (!search) return listed;
    const sought = search.toLowerCase();
    return { ...listed, page: listed.page.filter((entry) => nameOf(entry).includes(sought)) };
  }

  async #listAll(
    ctx: QueryCtx,
    { name, ...options }: Omit<EntriesRequest, "search">,
  ): Promise<InspectedPage> {
    const cache = this.#cacheOf(name);
    // Any arguments are a value.
    if (cache !== undefined) return (await cache.list(ctx, options)) as InspectedPage;
    const request = { name, ...options, read: AS_STORED };
    return await ctx.runQuery(this.#component.inspect.list, request);
  }

  /** All about an entry; its value only if it may be shown. */
  async entry(ctx: QueryCtx, inspected: InspectedKey, mayShow: boolean): Promise<InspectedEntry> {
    const { name } = inspected;
    const entryKey = await keyOf(inspected);
    const cache = this.#cacheOf(name);
    const { content, ...explanation } =
      cache === undefined
        ? await ctx.runQuery(this.#component.inspect.explain, {
            ...entryKey,
            read: AS_STORED,
            withContent: mayShow,
          })
        : await cache.explainEntry(ctx, entryKey, mayShow);
    const value = mayShow ? show({ ...explanation, content }) : ({ kind: "withheld" } as const);
    return { explanation, knowsOptions: cache !== undefined, value };
  }

  /** Schedules a fill of an entry, by what is kept to fill it again, or by the arguments. Resolves to whether it could. */
  async refresh(ctx: MutationCtx, inspected: InspectedKey): Promise<boolean> {
    const entryKey = await keyOf(inspected);
    if (await ctx.runMutation(this.#component.refill.entry, entryKey)) return true;
    const { name, key, tenant } = inspected;
    const { args } = describeKey(key);
    const cache = this.#cacheOf(name);
    if (cache === undefined || args === null) return false;
    const view = tenant === undefined ? cache : cache.forTenant(tenant);
    await view.refresh(ctx, args as never);
    return true;
  }

  #cacheOf(name: string): InspectableCache | undefined {
    return this.#caches.find((cache) => cache.name === name);
  }
}

/** The key of an entry that a page names. */
export async function keyOf({ name, key, tenant }: InspectedKey): Promise<EntryKey> {
  return { name, ...(await identifyByStored(key, tenant)) };
}

/** What an entry is found by: the JSON of its arguments, of its key, or its digest. */
const nameOf = ({ args, key, storedKey }: InspectedItem): string =>
  toJson(args ?? key ?? storedKey).toLowerCase();

/** As much of a stored value as is shown; nothing of one that an invalidation removed. */
function show({ content, invalidatedBy, entry }: Explained): ShownValue {
  const isRemoved = entry === null || invalidatedBy?.mode === "remove";
  if (isRemoved || content === undefined) return { kind: "none" };
  const json = jsonOf(content);
  const isCut = json.length > MAX_SHOWN;
  // A cut may leave half of a character.
  return { kind: "shown", json: isCut ? wellFormed(json.slice(0, MAX_SHOWN)) : json, isCut };
}
