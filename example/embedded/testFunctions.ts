/** Functions for tests of the backend: values by key, and a say in when they run. */
import { makeFunctionReference } from "convex/server";
import { ConvexError, v } from "convex/values";
import type { Doc } from "../convex/_generated/dataModel.js";
import {
  action,
  internalMutation,
  mutation,
  query,
  type QueryCtx,
} from "../convex/_generated/server.js";

/** Called within the functions, with their keys. */
export const within = {
  read: (_key: string): void | Promise<void> => {},
  write: (_keys: string[]): void | Promise<void> => {},
};

// A table of the app's: a name and notes are a key and a value.
const row = (ctx: QueryCtx, key: string): Promise<Doc<"savedPlaces"> | null> =>
  ctx.db
    .query("savedPlaces")
    .withIndex("name", (q) => q.eq("name", key))
    .unique();

/** Throws an error with data where the value is "broken". */
export const read = query({
  args: { key: v.string() },
  handler: async (ctx, { key }): Promise<string | null> => {
    await within.read(key);
    const value = (await row(ctx, key))?.notes ?? null;
    if (value === "broken") throw new ConvexError({ key });
    return value;
  },
});

const written = { keys: v.array(v.string()), value: v.string() };

export const write = mutation({
  args: written,
  handler: async (ctx, { keys, value }): Promise<number> => {
    await within.write(keys);
    for (const key of keys) {
      const known = await row(ctx, key);
      if (known !== null) await ctx.db.patch("savedPlaces", known._id, { notes: value });
      else await ctx.db.insert("savedPlaces", { name: key, notes: value });
    }
    return value.length;
  },
});

export const append = mutation({
  args: { key: v.string(), value: v.string() },
  handler: async (ctx, { key, value }): Promise<string> => {
    const known = await row(ctx, key);
    const notes = (known?.notes ?? "") + value;
    await within.write([key]);
    if (known !== null) await ctx.db.patch("savedPlaces", known._id, { notes });
    else await ctx.db.insert("savedPlaces", { name: key, notes });
    return notes;
  },
});

const writing = makeFunctionReference<"mutation", { keys: string[]; value: string }, number>(
  "test:write",
);

export const writeLater = mutation({
  args: written,
  handler: async (ctx, args) => {
    await ctx.scheduler.runAfter(0, writing, args);
    return null;
  },
});

export const writeFromAction = action({
  args: written,
  handler: async (ctx, args): Promise<number> => await ctx.runMutation(writing, args),
});

/** Writes, and fails. */
export const fail = mutation({
  args: { ...written, data: v.any() },
  handler: async (ctx, { data, ...args }) => {
    await ctx.runMutation(writing, args);
    throw new ConvexError(data as string);
  },
});

export const echo = action({
  args: { value: v.any() },
  handler: (_ctx, { value }): unknown => value as unknown,
});

export const hidden = internalMutation({ args: {}, handler: () => null });
