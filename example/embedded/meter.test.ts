import {
  defineSchema,
  defineTable,
  internalActionGeneric,
  internalMutationGeneric,
  internalQueryGeneric,
  makeFunctionReference,
} from "convex/server";
import { getConvexSize, v } from "convex/values";
import { convexTest } from "convex-test";
import { expect, test, vi } from "vitest";
import { Meter } from "./meter.js";

const schema = defineSchema({ notes: defineTable({ text: v.string() }) });
const read = makeFunctionReference<"query">("notes:read");
const write = makeFunctionReference<"mutation">("notes:write");
const run = makeFunctionReference<"action">("notes:run");

const notes = {
  read: internalQueryGeneric({
    args: {},
    returns: v.number(),
    handler: async (ctx) => (await ctx.db.query("notes").collect()).length,
  }),
  write: internalMutationGeneric({
    args: { schedule: v.boolean() },
    returns: v.number(),
    handler: async (ctx, { schedule }): Promise<number> => {
      await ctx.db.insert("notes", { text: "twelve bytes" });
      if (schedule) await ctx.scheduler.runAfter(0, write, { schedule: false });
      return (await ctx.runQuery(read, {})) as number;
    },
  }),
  run: internalActionGeneric({
    args: {},
    returns: v.null(),
    handler: async (ctx) => {
      await ctx.runMutation(write, { schedule: false });
      await ctx.runQuery(read, {});
      return null;
    },
  }),
};

function meteredApp() {
  const meter = new Meter();
  const modules = {
    "./_generated/api.js": () => Promise.resolve({}),
    "./notes.ts": () => Promise.resolve(notes),
  };
  return { meter, app: convexTest(schema, meter.counted(modules)) };
}

test("counts what an action calls, and what a mutation calls within itself as a part of it", async () => {
  const { meter, app } = meteredApp();

  await app.action(run, {});

  const [note] = await app.run((ctx) => ctx.db.query("notes").collect());
  const size = getConvexSize(note);
  expect(meter.take()).toMatchObject({
    functionCalls: 3,
    documentsWritten: 1,
    bytesWritten: size,
    documentsRead: 2,
  });
  expect(meter.take().functionCalls).toBe(0);
});

test("counts a scheduled function, though it was scheduled within a mutation", async () => {
  vi.useFakeTimers();
  const { meter, app } = meteredApp();

  await app.mutation(write, { schedule: true });
  await app.finishAllScheduledFunctions(vi.runAllTimers);
  vi.useRealTimers();

  expect(meter.take().functionCalls).toBe(2);
});
