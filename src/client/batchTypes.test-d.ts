import type {
  ApiFromModules,
  FunctionReference,
  GenericActionCtx,
  GenericDataModel,
} from "convex/server";
import { actionGeneric } from "convex/server";
import { v } from "convex/values";
import { expectTypeOf, test } from "vitest";
import type { refresher } from "./index.js";
import {
  ActionCache,
  type ActionCacheConfig,
  type ComponentApi,
  itemError,
  type ItemError,
  vItemError,
} from "./index.js";

type Ref<Args extends Record<string, unknown>, Result> = FunctionReference<
  "action",
  "internal",
  Args,
  Result
>;
type Embed = Ref<{ text: string }, number[]>;

declare const component: ComponentApi;
declare const ctx: GenericActionCtx<GenericDataModel>;
declare const embed: Embed;

const args = { text: "fish tacos" };

test("arguments and results are those of the items of a batch action", () => {
  const batchAction = {} as Ref<{ items: { text: string }[] }, number[][]>;
  const cache = new ActionCache(component, {
    batchAction,
    maxBatch: 50,
    key: ({ text }) => text.trim(),
    shouldCache: ({ args, value }) => {
      expectTypeOf(args).toEqualTypeOf<{ text: string }>();
      expectTypeOf(value).toEqualTypeOf<number[]>();
      return true;
    },
  });
  expectTypeOf(cache.fetch(ctx, args)).resolves.toEqualTypeOf<number[]>();
  // @ts-expect-error: no such argument
  void cache.fetch(ctx, { word: "fish" });
  // @ts-expect-error: not what an item's value is
  void cache.put(ctx, args, "fish");
});

test("an item's error is no part of the result", () => {
  const batchAction = {} as Ref<{ items: { text: string }[] }, (number[] | null | ItemError)[]>;
  const cache = new ActionCache(component, { batchAction });
  expectTypeOf(cache.fetch(ctx, args)).resolves.toEqualTypeOf<number[] | null>();
  expectTypeOf(itemError("empty")).toEqualTypeOf<ItemError>();
});

test("a batch action beside an action has its arguments and results", () => {
  const cache = new ActionCache(component, {
    action: embed,
    batchAction: {} as Ref<{ items: { text: string }[] }, (number[] | ItemError)[]>,
  });
  expectTypeOf(cache.fetch(ctx, args)).resolves.toEqualTypeOf<number[]>();
  const config: ActionCacheConfig<Embed> = {
    action: embed,
    batchAction: {} as Ref<{ items: { text: string; model?: string }[] }, number[][]>,
  };
  new ActionCache(component, config);
});

test("one whose items or results do not fit is refused", () => {
  const otherItems = {} as Ref<{ items: { word: string }[] }, number[][]>;
  const moreOfItems = {} as Ref<{ items: { text: string; model: string }[] }, number[][]>;
  const otherValues = {} as Ref<{ items: { text: string }[] }, string[]>;
  const moreValues = {} as Ref<{ items: { text: string }[] }, (number[] | null)[]>;
  const noItems = {} as Ref<{ texts: { text: string }[] }, number[][]>;
  const noList = {} as Ref<{ items: { text: string }[] }, number[]>;
  // @ts-expect-error: its items have other arguments
  new ActionCache(component, { action: embed, batchAction: otherItems });
  // @ts-expect-error: its items need an argument that is not given
  new ActionCache(component, { action: embed, batchAction: moreOfItems });
  // @ts-expect-error: its values are others
  new ActionCache(component, { action: embed, batchAction: otherValues });
  // @ts-expect-error: its values may be what the action's are not
  new ActionCache(component, { action: embed, batchAction: moreValues });
  // @ts-expect-error: it takes no items
  new ActionCache(component, { action: embed, batchAction: noItems });
  // @ts-expect-error: it returns one value
  new ActionCache(component, { action: embed, batchAction: noList });
  // @ts-expect-error: it takes no items
  new ActionCache(component, { batchAction: noItems });
  // @ts-expect-error: it returns no values
  new ActionCache(component, { batchAction: {} as Ref<{ items: { text: string }[] }, string> });
  const batchAction = {} as Ref<{ items: { text: string }[] }, number[][]>;
  // @ts-expect-error: two things would compute the values
  new ActionCache(component, { name: "both", batchAction, compute: () => Promise.resolve([1]) });
});

test("an action's validators allow an item's error", () => {
  actionGeneric({
    args: { items: v.array(v.object({ text: v.string() })) },
    returns: v.array(v.union(v.array(v.float64()), vItemError)),
    handler: (_ctx, { items }) =>
      Promise.resolve(items.map(({ text }) => (text === "" ? itemError("empty") : [1]))),
  });
});

test("a refresher fits where one is configured, and one that knows of no batches does too", () => {
  type Made = ApiFromModules<{ made: { refresh: ReturnType<typeof refresher> } }>["made"];
  const plain = {} as Ref<{ token: string; args: unknown }, null>;
  for (const refresh of [plain, {} as Made["refresh"]]) {
    new ActionCache(component, { action: embed, tags: () => [], refresher: refresh });
  }
});
