import type {
  FunctionReference,
  GenericActionCtx,
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
} from "convex/server";
import { describe, expectTypeOf, test } from "vitest";
import { ActionCache, type ComponentApi, type FetchedEntry, refresher } from "./index.js";

declare const component: ComponentApi;
declare const count: FunctionReference<"action", "internal", { text: string }, number>;
declare const query: GenericQueryCtx<GenericDataModel>;
declare const mutation: GenericMutationCtx<GenericDataModel>;
declare const action: GenericActionCtx<GenericDataModel>;

const cache = new ActionCache(component, { action: count });
const args = { text: "a" };

describe("what a context can't do is seen in the type", () => {
  test("of fetch: null only where the action can't be run", () => {
    expectTypeOf(cache.fetch(action, args)).resolves.toEqualTypeOf<number>();
    expectTypeOf(cache.fetch(mutation, args)).resolves.toEqualTypeOf<number | null>();
    const either = {} as typeof action | typeof mutation;
    expectTypeOf(cache.fetch(either, args)).resolves.toEqualTypeOf<number | null>();
    expectTypeOf<Awaited<ReturnType<typeof cache.fetch>>>().toEqualTypeOf<number>();
    // @ts-expect-error: a query can neither run the action nor schedule it
    void cache.fetch(query, args);
    // @ts-expect-error: arguments are checked in a mutation too
    void cache.fetch(mutation, { txt: "a" });
  });

  test("of fetchEntry, refresh and expire", () => {
    expectTypeOf(cache.fetchEntry(action, args)).resolves.toEqualTypeOf<FetchedEntry<number>>();
    // @ts-expect-error: a mutation can't run the action
    void cache.fetchEntry(mutation, args);
    void cache.refresh(mutation, args);
    void cache.expire(action, args);
    // @ts-expect-error: a query schedules nothing
    void cache.refresh(query, args);
  });
});

test("the cache's functions get the action's arguments and value", () => {
  new ActionCache(component, {
    action: count,
    ttl: ({ args: { text }, value }) => (text === "" ? null : value),
    tags: ({ args: { text }, value }) => [text, value.toFixed()],
    shouldCache: ({ value }) => value > 0,
    key: ({ text }) => text,
    refresher: {} as FunctionReference<
      "action",
      "internal",
      { token: string; args: unknown },
      null
    >,
  });
  // @ts-expect-error: tags are texts
  new ActionCache(component, { action: count, tags: ({ value }) => [value] });
});

test("a tenant's view has the types of its cache", () => {
  expectTypeOf(cache.forTenant("a")).toEqualTypeOf(cache);
  expectTypeOf(refresher(() => cache)).toHaveProperty("isAction");
});
