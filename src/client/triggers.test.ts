import { Triggers } from "convex-helpers/server/triggers";
import { convexTest } from "convex-test";
import {
  type DataModelFromSchemaDefinition,
  defineSchema,
  defineTable,
  type GenericMutationCtx,
  internalMutationGeneric,
  makeFunctionReference,
} from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { register } from "../test.js";
import { component, compute } from "../testing/app.js";
import type { DataModel as ComponentData } from "../component/_generated/dataModel.js";
import { ActionCache, ALL_TENANTS, invalidateTags } from "./index.js";
import { invalidateOnChange } from "./triggers.js";

const schema = defineSchema({ users: defineTable({ name: v.string() }) });
type DataModel = DataModelFromSchemaDefinition<typeof schema>;

const triggers = new Triggers<DataModel, GenericMutationCtx<DataModel>>();
triggers.register(
  "users",
  invalidateOnChange(component, (change) => ["users", `users:${change.id}`]),
);

const cache = new ActionCache(component, { action: compute, name: "profiles" });

const nestedPut = makeFunctionReference<"mutation">("nested:put");

function createApp() {
  const t = convexTest({
    schema,
    modules: {
      "./_generated/api.js": () => Promise.resolve({}),
      "./nested.ts": () =>
        Promise.resolve({
          put: internalMutationGeneric({
            args: {},
            returns: v.null(),
            handler: async (ctx) => {
              await cache.put(ctx, { user: "all" }, "nested", { tags: ["users"] });
              return null;
            },
          }),
        }),
    },
    transactionLimits: true,
  });
  register(t);
  const write = <T>(work: (ctx: GenericMutationCtx<DataModel>) => Promise<T>) =>
    t.mutation((ctx) => work(triggers.wrapDB(ctx as never)));
  const peek = (user: string) => t.query((ctx) => cache.peek(ctx, { user }));
  const put = (user: string, tags: string[]) =>
    t.mutation((ctx) => cache.put(ctx, { user }, `profile of ${user}`, { tags }));
  return { t, write, peek, put };
}

test("a write to a table invalidates what depends on the record, in the same transaction (guarantee 4)", async () => {
  const { write, peek, put } = createApp();
  const ada = await write((ctx) => ctx.db.insert("users", { name: "Ada" }));
  const bob = await write((ctx) => ctx.db.insert("users", { name: "Bob" }));
  await put(ada, [`users:${ada}`]);
  await put(bob, [`users:${bob}`]);
  await write(async (ctx) => {
    await ctx.db.patch("users", ada, { name: "Ada Lovelace" });
    expect(await cache.peek(ctx, { user: ada })).toBeNull();
  });
  expect(await peek(ada)).toBeNull();
  expect(await peek(bob)).not.toBeNull();
  await write((ctx) => ctx.db.delete("users", bob));
  expect(await peek(bob)).toBeNull();
});

test("an insert invalidates what depends on the table", async () => {
  const { write, peek, put } = createApp();
  await put("all", ["users"]);
  await write((ctx) => ctx.db.insert("users", { name: "Ada" }));
  expect(await peek("all")).toBeNull();
});

test("a write that rolls back invalidates nothing (guarantee 4)", async () => {
  const { write, peek, put } = createApp();
  await put("all", ["users"]);
  const rolledBack = write(async (ctx) => {
    await ctx.db.insert("users", { name: "Ada" });
    throw new Error("rolled back");
  });
  await expect(rolledBack).rejects.toThrow("rolled back");
  expect(await peek("all")).not.toBeNull();
});

test("a change may choose its tags and its tenant, or none", async () => {
  const { t } = createApp();
  const tenant = cache.forTenant("acme");
  const trigger = invalidateOnChange(
    component,
    (change: {
      id: string;
      operation: "insert" | "update" | "delete";
      oldDoc: null;
      newDoc: null;
    }) => (change.operation === "delete" ? ["users"] : []),
    { tenant: () => "acme" },
  );
  const change = { id: "1", oldDoc: null, newDoc: null };
  await t.mutation(async (ctx) => {
    await tenant.put(ctx, { user: "x" }, 1, { tags: ["users"] });
    await cache.put(ctx, { user: "x" }, 1, { tags: ["users"] });
    await trigger(ctx, { ...change, operation: "update" });
  });
  expect(await t.query((ctx) => tenant.peek(ctx, { user: "x" }))).not.toBeNull();
  await t.mutation((ctx) => trigger(ctx, { ...change, operation: "delete" }));
  expect(await t.query((ctx) => tenant.peek(ctx, { user: "x" }))).toBeNull();
  expect(await t.query((ctx) => cache.peek(ctx, { user: "x" }))).not.toBeNull();
});

describe("changes in bulk, in one mutation", () => {
  const invalidations = (t: ReturnType<typeof createApp>["t"]) =>
    (
      t as unknown as {
        runInComponent: (
          path: string,
          work: (ctx: GenericMutationCtx<ComponentData>) => Promise<string[]>,
        ) => Promise<string[]>;
      }
    ).runInComponent("actionCache", async (ctx) =>
      (await ctx.db.query("invalidations").collect()).map(({ tag }) => tag),
    );

  test.each([100, 1500])("%i append the table's tag once, and each record's", async (count) => {
    const { t, write } = createApp();
    await write(async (ctx) => {
      for (let n = 0; n < count; n++) await ctx.db.insert("users", { name: `user ${n}` });
      return null;
    });
    const tags = await invalidations(t);
    expect(tags.filter((tag) => tag === '["tag","users"]')).toHaveLength(1);
    expect(tags).toHaveLength(count + 1);
  });

  test.each<[string, (ctx: GenericMutationCtx<DataModel>) => Promise<unknown>]>([
    ["directly", (ctx) => cache.put(ctx, { user: "all" }, "between", { tags: ["users"] })],
    [
      "by a nested mutation",
      (ctx) => ctx.runMutation(nestedPut as never, {} as never) as Promise<unknown>,
    ],
  ])("what is stored %s in between is invalidated by the next change", async (_, store) => {
    const { write, peek } = createApp();
    await write(async (ctx) => {
      for (let n = 0; n < 3; n++) await ctx.db.insert("users", { name: `before ${n}` });
      await store(ctx);
      expect(await cache.peek(ctx, { user: "all" })).not.toBeNull();
      await ctx.db.insert("users", { name: "after" });
      expect(await cache.peek(ctx, { user: "all" })).toBeNull();
      await store(ctx);
      return null;
    });
    expect(await peek("all")).not.toBeNull();
  });

  test("by hand, a tag is appended once unless its mode, its refresh or its tenant differ", async () => {
    const { t } = createApp();
    await t.mutation(async (ctx) => {
      for (let n = 0; n < 3; n++) {
        await invalidateTags(ctx, component, ["a", "b"]);
        await invalidateTags(ctx, component, ["b", "a"], { mode: "expire" });
        await invalidateTags(ctx, component, ["a"], { tenant: "acme" });
        await invalidateTags(ctx, component, ["a"], { tenant: ALL_TENANTS });
      }
      return null;
    });
    // Removals and expiries take turns, and what the newest is counts.
    expect((await invalidations(t)).filter((tag) => tag.includes("acme"))).toHaveLength(1);
    expect((await invalidations(t)).filter((tag) => tag.includes("of all"))).toHaveLength(1);
  });

  test("a mutation that is rolled back leaves nothing appended, and the next appends again", async () => {
    const { t, write } = createApp();
    const insert = (fails: boolean) =>
      write(async (ctx) => {
        await ctx.db.insert("users", { name: "x" });
        if (fails) throw new Error("rolled back");
        return null;
      });
    await expect(insert(true)).rejects.toThrow("rolled back");
    expect(await invalidations(t)).toEqual([]);
    await insert(false);
    expect(await invalidations(t)).toHaveLength(2);
  });
});

test("a trigger reaches the entries of every tenant and of none with ALL_TENANTS", async () => {
  const { t } = createApp();
  const trigger = invalidateOnChange(component, () => ["prices"], { tenant: ALL_TENANTS });
  const views = [cache, cache.forTenant("a"), cache.forTenant("b")];
  const change = { id: "1", operation: "update", oldDoc: null, newDoc: null } as const;
  await t.mutation(async (ctx) => {
    for (const view of views) await view.put(ctx, { user: "x" }, 1, { tags: ["prices"] });
    await cache.put(ctx, { user: "y" }, 1, { tags: ["prices of y"] });
    return null;
  });
  await t.mutation((ctx) => trigger(ctx, change));
  for (const view of views)
    expect(await t.query((ctx) => view.peek(ctx, { user: "x" }))).toBeNull();
  expect(await t.query((ctx) => cache.peek(ctx, { user: "y" }))).not.toBeNull();
});
