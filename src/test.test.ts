import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema } from "convex/server";
import { expect, test } from "vitest";
import type { ComponentApi } from "./component/_generated/component.js";
import testing, { modules, register, schema } from "./test.js";

const components = componentsGeneric() as unknown as Record<string, ComponentApi>;

/** An app without functions of its own. */
const createApp = () =>
  convexTest(defineSchema({}), { "./_generated/api.js": () => Promise.resolve({}) });

test.each([undefined, "geocodes"])("register installs the component as %s", async (name) => {
  const t = createApp();
  register(t, name);
  const { get, put } = components[name ?? "actionCache"]!.lib;
  await t.mutation(put, { name: "a", args: {}, value: 1, ttl: null });
  expect(await t.query(get, { name: "a", args: {}, ttl: null })).toEqual({ kind: "hit", value: 1 });
});

test("two components in one app share nothing", async () => {
  const t = createApp();
  register(t);
  register(t, "other");
  const entry = { name: "a", args: {}, ttl: null };
  await t.mutation(components.actionCache!.lib.put, { ...entry, value: 1 });
  expect(await t.query(components.other!.lib.get, entry)).toEqual({ kind: "miss" });
});

test("the default export has the three that an app may need", () => {
  expect(testing).toEqual({ register, schema, modules });
});

test("the modules are the component's functions, without its tests", () => {
  const paths = Object.keys(modules);
  expect(paths).toContain("./component/lib.ts");
  expect(paths.filter((path) => path.includes(".test"))).toEqual([]);
});
