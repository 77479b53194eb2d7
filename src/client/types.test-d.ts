import { customAction, customCtx } from "convex-helpers/server/customFunctions";
import type {
  DataModelFromSchemaDefinition,
  FunctionReference,
  FunctionReference_future,
  GenericActionCtx,
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
  SchemaDefinition,
  TableDefinition,
} from "convex/server";
import { actionGeneric } from "convex/server";
import { v, type VObject, type VString } from "convex/values";
import { describe, expectTypeOf, test } from "vitest";
import {
  ActionCache,
  type ActionCacheConfig,
  type ComponentApi,
  type LogEvent,
  type PeekedEntry,
  removeAll,
} from "./index.js";

type AppSchema = SchemaDefinition<
  { places: TableDefinition<VObject<{ name: string }, { name: VString }>> },
  true
>;
type AppModel = DataModelFromSchemaDefinition<AppSchema>;
type Location = { latitude: number; longitude: number };
type Geocode = FunctionReference<"action", "internal", { place: string }, Location | null>;

declare const component: ComponentApi;
declare const geocode: Geocode;
declare const query: GenericQueryCtx<AppModel>;
declare const mutation: GenericMutationCtx<AppModel>;
declare const action: GenericActionCtx<AppModel>;

const cache = new ActionCache(component, { action: geocode });
const args = { place: "Berlin" };

describe("arguments and results are those of the action", () => {
  test("of fetch", () => {
    expectTypeOf(cache.fetch(action, args)).resolves.toEqualTypeOf<Location | null>();
    expectTypeOf<ReturnType<typeof cache.fetch>>().resolves.toEqualTypeOf<Location | null>();
    expectTypeOf<Parameters<typeof cache.fetch>[1]>().toEqualTypeOf<{ place: string }>();
    // @ts-expect-error: no such argument
    void cache.fetch(action, { city: "Berlin" });
    // @ts-expect-error: one argument too many
    void cache.fetch(action, { place: "Berlin", city: "Berlin" });
    // @ts-expect-error: an argument of another type
    void cache.fetch(action, { place: 1 });
    // @ts-expect-error: an argument is missing
    void cache.fetch(action, {});
    // @ts-expect-error: no arguments
    void cache.fetch(action);
  });

  test("of peek, put and remove", () => {
    expectTypeOf(
      cache.peek(action, args),
    ).resolves.toEqualTypeOf<PeekedEntry<Location | null> | null>();
    expectTypeOf(cache.remove(action, args)).resolves.toEqualTypeOf<boolean>();
    void cache.put(action, args, { latitude: 1, longitude: 2 }, { ttl: 1000 });
    void cache.put(action, args, null);
    // @ts-expect-error: not what the action returns
    void cache.put(action, args, "52.5 N");
    // @ts-expect-error: no such argument
    void cache.peek(action, { city: "Berlin" });
    // @ts-expect-error: no such argument
    void cache.remove(action, { city: "Berlin" });
  });

  test("of the functions in the configuration", () => {
    new ActionCache(component, {
      action: geocode,
      ttl: ({ args: { place }, value }) => {
        expectTypeOf(value).toEqualTypeOf<Location | null>();
        expectTypeOf(place).toEqualTypeOf<string>();
        return value === null ? 1000 : null;
      },
      key: ({ place }) => place.toLowerCase(),
      shouldCache: ({ args: { place }, value }) => value !== null && place !== "",
      log: (event) => expectTypeOf(event).toEqualTypeOf<LogEvent>(),
    });
  });

  test("of an action without arguments, public or internal", () => {
    type Ping = FunctionReference<"action", "public", Record<string, never>, string>;
    const pings = new ActionCache(component, { action: {} as Ping });
    expectTypeOf(pings.fetch(action, {})).resolves.toEqualTypeOf<string>();
  });

  test("of a reference of the future", () => {
    type Future = FunctionReference_future<"action", "internal", { place: string }, Location>;
    const locations = new ActionCache(component, { action: {} as Future });
    expectTypeOf(locations.fetch(action, args)).resolves.toEqualTypeOf<Location>();
    // @ts-expect-error: no such argument
    void locations.fetch(action, { city: "Berlin" });
  });

  test("of a component's action", () => {
    type Mounted = FunctionReference<"action", "internal", { id: string }, number, "mounted">;
    const numbers = new ActionCache(component, { action: {} as Mounted });
    expectTypeOf(numbers.fetch(action, { id: "a" })).resolves.toEqualTypeOf<number>();
  });
});

describe("contexts", () => {
  test("fetch takes an action's, and refuses a query's", () => {
    void cache.fetch(action, args);
    void cache.fetch({} as GenericActionCtx<GenericDataModel>, args);
    // @ts-expect-error: a query can't run an action
    void cache.fetch(query, args);
    // @ts-expect-error: nor can it with options
    void cache.fetch(query, args, { ttl: 1000 });
  });

  test("peek takes any", () => {
    void cache.peek(query, args);
    void cache.peek(mutation, args);
    void cache.peek(action, args);
  });

  test("what changes entries takes a mutation's or an action's, and refuses a query's", () => {
    for (const ctx of [mutation, action]) {
      void cache.remove(ctx, args);
      void cache.put(ctx, args, null);
      expectTypeOf(cache.removeAllForName(ctx)).resolves.toEqualTypeOf<null>();
      void cache.removeAllForName(ctx, { batchSize: 10 });
      expectTypeOf(cache.removeAll(ctx, 1000)).resolves.toEqualTypeOf<null>();
      expectTypeOf(removeAll(ctx, component, 1000)).resolves.toEqualTypeOf<null>();
      void removeAll(ctx, component);
    }
    // @ts-expect-error: a query changes nothing
    void cache.remove(query, args);
    // @ts-expect-error: a query changes nothing
    void cache.put(query, args, null);
    // @ts-expect-error: a query changes nothing
    void cache.removeAllForName(query);
    // @ts-expect-error: a query changes nothing
    void cache.removeAll(query);
    // @ts-expect-error: a query changes nothing
    void removeAll(query, component);
  });

  test("those that an app customises fit", () => {
    const userAction = customAction(
      actionGeneric,
      customCtx((_ctx: GenericActionCtx<AppModel>) => ({ user: "ada" })),
    );
    userAction({
      args: { place: v.string() },
      handler: async (ctx, { place }) => {
        expectTypeOf(ctx.user).toEqualTypeOf<string>();
        expectTypeOf(cache.fetch(ctx, { place })).resolves.toEqualTypeOf<Location | null>();
        await cache.remove(ctx, { place });
      },
    });
    const userMutation = { ...mutation, user: "ada" };
    const userQuery = { ...query, user: "ada" };
    void cache.remove(userMutation, args);
    void cache.peek(userQuery, args);
  });

  test("those of which only the calls are there fit", () => {
    type Calls = GenericActionCtx<AppModel>;
    void cache.fetch({} as Pick<Calls, "runQuery" | "runMutation" | "runAction">, args);
    void cache.remove({} as Pick<Calls, "runQuery" | "runMutation">, args);
    void cache.peek({} as Pick<Calls, "runQuery">, args);
    // @ts-expect-error: nothing is looked up without queries
    void cache.peek({} as Pick<Calls, "runAction">, args);
  });
});

describe("the configuration", () => {
  test("has a type with a default parameter", () => {
    const config: ActionCacheConfig = { action: geocode, name: "geocode", ttl: 1000, log: true };
    expectTypeOf<ActionCacheConfig<Geocode>["ttl"]>().extract<number>().toEqualTypeOf<number>();
    expectTypeOf(new ActionCache(component, config).fetch(action, args)).resolves.toBeAny();
  });

  test("needs an action, and nothing else", () => {
    // @ts-expect-error: there is no action
    new ActionCache(component, { name: "geocode" });
    // @ts-expect-error: a query is not an action
    new ActionCache(component, { action: {} as FunctionReference<"query"> });
    // @ts-expect-error: a text is not a number of milliseconds
    new ActionCache(component, { action: geocode, ttl: "1 hour" });
    // @ts-expect-error: there is no such option
    new ActionCache(component, { action: geocode, timeToLive: 1000 });
    // @ts-expect-error: options of fetch have no name
    void cache.fetch(action, args, { name: "other" });
  });

  test("is not what a cache shows, but its name and component are", () => {
    expectTypeOf(cache.name).toEqualTypeOf<string>();
    expectTypeOf(cache.component).toEqualTypeOf<ComponentApi>();
  });

  test("fits a component installed under another name", () => {
    new ActionCache({} as ComponentApi<"otherCache">, { action: geocode });
  });

  test("any cache fits where a cache of any action is asked for", () => {
    const caches: ActionCache[] = [cache];
    expectTypeOf(caches).toEqualTypeOf<ActionCache[]>();
  });
});
