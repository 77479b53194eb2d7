import { Triggers } from "convex-helpers/server/triggers";
import { convexTest } from "convex-test";
import {
  type DataModelFromSchemaDefinition,
  defineSchema,
  defineTable,
  type GenericMutationCtx,
} from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import { register } from "../test.js";
import { component, compute } from "../testing/app.js";
import { ActionCache } from "./index.js";
import { invalidateOnChange } from "./triggers.js";

const schema = defineSchema({ users: defineTable({ name: v.string() }) });
type DataModel = DataModelFromSchemaDefinition<typeof schema>;

const triggers = new Triggers<DataModel, GenericMutationCtx<DataModel>>();
triggers.register(
  "users",
  invalidateOnChange(component, (change) => ["users", `users:${change.id}`]),
);

const cache = new ActionCache(component, { action: compute, name: "profiles" });

function createApp() {
  const t = convexTest({
    schema,
    modules: { "./_generated/api.js": () => Promise.resolve({}) },
  });
  register(t);
  const write = <T>(work: (ctx: GenericMutationCtx<DataModel>) => Promise<T>) =>
    t.mutation((ctx) => work(triggers.wrapDB(ctx as never)));
  const peek = (user: string) => t.query((ctx) => cache.peek(ctx, { user }));
  const put = (user: string, tags: string[]) =>
    t.mutation((ctx) => cache.put(ctx, { user }, `profile of ${user}`, { tags }));
  return { t, write, peek, put };
}

test("a write to a table invalidates what depends on the record, in the same transaction", async () => {
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

test("a write that rolls back invalidates nothing", async () => {
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
