import type {
  DataModelFromSchemaDefinition,
  FunctionReference,
  GenericQueryCtx,
  RegisteredMutation,
  RegisteredQuery,
  SchemaDefinition,
  TableDefinition,
} from "convex/server";
import type { VObject, VString } from "convex/values";
import { describe, expectTypeOf, test } from "vitest";
import {
  ActionCache,
  type ComponentApi,
  type Figures,
  inspectorApi,
  type InspectorAccess,
  type verdict,
} from "../index.js";

type AppModel = DataModelFromSchemaDefinition<
  SchemaDefinition<{ admins: TableDefinition<VObject<{ name: string }, { name: VString }>> }, true>
>;
type Geocode = FunctionReference<"action", "internal", { place: string }, string | null>;

declare const component: ComponentApi;
declare const geocode: Geocode;

describe("inspectorApi", () => {
  test("needs `allow`, which tells true or false", () => {
    // @ts-expect-error: nobody is let in by default
    void (() => inspectorApi(component, {}));
    // @ts-expect-error: nobody is let in by default
    void (() => inspectorApi(component));
    // @ts-expect-error: it may not be left open
    void (() => inspectorApi(component, { allow: undefined }));
    // @ts-expect-error: whoever is signed in is no answer
    void (() => inspectorApi(component, { allow: (ctx) => ctx.auth.getUserIdentity() }));
    inspectorApi(component, { allow: () => true });
    inspectorApi({} as ComponentApi<"otherCache">, { allow: () => Promise.resolve(true) });
  });

  test("hands it the context, of the app's own tables too, and what is asked for", () => {
    inspectorApi(component, {
      allow: async (ctx: GenericQueryCtx<AppModel>, access) => {
        expectTypeOf(access).toEqualTypeOf<InspectorAccess>();
        const admin = await ctx.db.query("admins").first();
        expectTypeOf(admin!.name).toEqualTypeOf<string>();
        return admin !== null;
      },
    });
    inspectorApi<AppModel>(component, {
      allow: async (ctx) => (await ctx.db.query("admins").first()) !== null,
    });
  });

  test("takes caches of any action", () => {
    const typed = new ActionCache(component, { action: geocode });
    const computed = new ActionCache(component, { action: geocode, key: ({ place }) => place });
    inspectorApi(component, { allow: () => true, caches: [typed, computed] });
  });

  test("makes public functions whose arguments and results are typed", () => {
    const api = inspectorApi(component, { allow: () => true });
    expectTypeOf(api.figures).toEqualTypeOf<
      RegisteredQuery<"public", { name: string; tenant?: string; since?: number }, Promise<Figures>>
    >();
    expectTypeOf(api.remove).toExtend<
      RegisteredMutation<"public", { name: string; key: never; tenant?: string }, Promise<boolean>>
    >();
    type Entry =
      typeof api.entry extends RegisteredQuery<"public", infer _, Promise<infer R>> ? R : never;
    expectTypeOf<Entry["explanation"]>().toExtend<Parameters<typeof verdict>[0]>();
  });
});
