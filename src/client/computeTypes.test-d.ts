import type {
  DataModelFromSchemaDefinition,
  FunctionReference,
  GenericActionCtx,
  GenericMutationCtx,
  SchemaDefinition,
  TableDefinition,
} from "convex/server";
import type { VObject, VString } from "convex/values";
import { describe, expectTypeOf, test } from "vitest";
import {
  ActionCache,
  type ComponentApi,
  type ComputeContext,
  NOT_MODIFIED,
  refresher,
} from "./index.js";

type AppSchema = SchemaDefinition<
  { places: TableDefinition<VObject<{ name: string }, { name: VString }>> },
  true
>;
type ActionCtx = GenericActionCtx<DataModelFromSchemaDefinition<AppSchema>>;
type Geocode = FunctionReference<"action", "internal", { place: string }, number>;
type Page = { etag: string; text: string };

declare const component: ComponentApi;
declare const action: ActionCtx;
declare const mutation: GenericMutationCtx<DataModelFromSchemaDefinition<AppSchema>>;
declare const geocode: Geocode;
declare function load(url: string): Promise<Page>;

describe("arguments and results are those of compute", () => {
  test("with arguments", () => {
    const cache = new ActionCache(component, {
      name: "pages",
      compute: async (ctx, args: { url: string }) => {
        expectTypeOf(ctx).toEqualTypeOf<ComputeContext>();
        return await load(args.url);
      },
      ttl: ({ args, value }) => {
        expectTypeOf(args).toEqualTypeOf<{ url: string }>();
        expectTypeOf(value).toEqualTypeOf<Page>();
        return null;
      },
      key: ({ url }) => url,
    });
    const args = { url: "https://example.com" };
    expectTypeOf(cache.fetch(action, args)).resolves.toEqualTypeOf<Page>();
    expectTypeOf(cache.fetch(mutation, args)).resolves.toEqualTypeOf<Page | null>();
    expectTypeOf<Parameters<typeof cache.fetch>[1]>().toEqualTypeOf<{ url: string }>();
    void cache.put(mutation, args, { etag: "", text: "" });
    // @ts-expect-error: no such argument
    void cache.fetch(action, { place: "Berlin" });
    // @ts-expect-error: an argument is missing
    void cache.fetch(action, {});
    // @ts-expect-error: not what it computes
    void cache.put(mutation, args, "text");
  });

  test("without arguments", () => {
    const caches = [
      new ActionCache(component, { name: "time", compute: async () => await load("/time") }),
      new ActionCache(component, { name: "time", compute: async (_ctx) => await load("/time") }),
    ];
    for (const cache of caches) {
      expectTypeOf(cache.fetch(action, {})).resolves.toEqualTypeOf<Page>();
      // @ts-expect-error: it takes no arguments
      void cache.fetch(action, { url: "/time" });
    }
  });

  test("with optional ones, and those of an interface", () => {
    interface Options {
      url: string;
      language?: string;
    }
    const cache = new ActionCache(component, {
      name: "pages",
      compute: async (_ctx, { url, language = "en" }: Options) => await load(url + language),
    });
    void cache.fetch(action, { url: "/" });
    void cache.fetch(action, { url: "/", language: "de" });
    // @ts-expect-error: an argument of another type
    void cache.fetch(action, { url: "/", language: 1 });
  });

  test("with a union as the result", () => {
    const cache = new ActionCache(component, {
      name: "pages",
      compute: async (_ctx, args: { url: string }) =>
        args.url === "" ? null : args.url === "/" ? "root" : await load(args.url),
    });
    expectTypeOf(cache.fetch(action, { url: "" })).resolves.toEqualTypeOf<Page | "root" | null>();
  });

  test("with the previous value, whose type is that of the result", () => {
    const annotated = new ActionCache(component, {
      name: "pages",
      compute: async (
        _ctx,
        args: { url: string },
        previous,
      ): Promise<Page | typeof NOT_MODIFIED> => {
        expectTypeOf(previous).toEqualTypeOf<Page | undefined>();
        return previous?.etag === "a" ? NOT_MODIFIED : await load(args.url);
      },
    });
    const inferred = new ActionCache(component, {
      name: "pages",
      compute: async (_ctx, args: { url: string }, previous?: Page) =>
        previous?.etag === "a" ? NOT_MODIFIED : await load(args.url),
    });
    for (const cache of [annotated, inferred]) {
      expectTypeOf(cache.fetch(action, { url: "" })).resolves.toEqualTypeOf<Page>();
    }
  });
});

test("compute may take the context of an app with tables of its own", () => {
  const cache = new ActionCache(component, {
    name: "pages",
    compute: async (_ctx: ActionCtx, args: { url: string }) => await load(args.url),
  });
  expectTypeOf(cache.fetch(action, { url: "" })).resolves.toEqualTypeOf<Page>();
});

test("the configuration needs a name, and only one of action and compute", () => {
  const compute = async () => await load("/time");
  // @ts-expect-error: no name can be derived from a function
  new ActionCache(component, { compute });
  // @ts-expect-error: two things would compute the values
  new ActionCache(component, { name: "both", action: geocode, compute });
  // @ts-expect-error: there is no such option
  new ActionCache(component, { name: "time", compute, timeToLive: 1000 });
});

test("any cache fits where a cache is asked for", () => {
  const cache = new ActionCache(component, { name: "time", compute: async () => await load("/") });
  const caches: ActionCache[] = [cache];
  expectTypeOf(caches).toEqualTypeOf<ActionCache[]>();
  refresher(() => cache);
});

test("a class can extend a cache of an action", () => {
  class Geocoding extends ActionCache<Geocode> {
    constructor() {
      super(component, { action: geocode });
    }
  }
  expectTypeOf(new Geocoding().fetch(action, { place: "" })).resolves.toEqualTypeOf<number>();
});
