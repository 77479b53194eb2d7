import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { MINUTE } from "../shared/time.js";
import { removeAll } from "./invalidate.js";

const START = 1_000_000;

virtualTime(START);

/** Two caches with three entries each, stored a millisecond apart. */
async function createFilled() {
  const app = createApp();
  const foods = app.cache({ name: "foods", ttl: MINUTE });
  const places = app.cache({ name: "places" });
  for (const id of [0, 1, 2]) {
    vi.setSystemTime(START + id);
    await app.act((ctx) => foods.fetch(ctx, { id }));
    await app.act((ctx) => places.fetch(ctx, { id }));
  }
  const idsOf = async (cache: typeof foods) => {
    const peeked = await app.act((ctx) =>
      Promise.all([0, 1, 2].map((id) => cache.peek(ctx, { id }))),
    );
    return peeked.flatMap((entry, id) => (entry === null ? [] : [id]));
  };
  return { ...app, foods, places, idsOf };
}

describe("removeAllForName (guarantee 3)", () => {
  test("clears this name for readers at once, and in the background for storage", async () => {
    const app = await createFilled();
    expect(await app.act((ctx) => app.foods.removeAllForName(ctx))).toBeNull();
    expect(await app.idsOf(app.foods)).toEqual([]);
    expect(await app.idsOf(app.places)).toEqual([0, 1, 2]);
    expect((await app.stored()).values).toHaveLength(6);
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({
      values: [{ name: "places" }, { name: "places" }, { name: "places" }],
      metadata: [],
    });
  });

  test("deletes as many as `batchSize` says before it returns", async () => {
    const app = await createFilled();
    await app.act((ctx) => app.foods.removeAllForName(ctx, { batchSize: 2 }));
    expect((await app.stored()).values).toHaveLength(4);
    expect(await app.idsOf(app.foods)).toEqual([]);
    await finishBackground(app);
    expect((await app.stored()).values).toHaveLength(3);
  });

  test("clears the entries of the default name, where the name is empty", async () => {
    const app = await createFilled();
    const unnamed = app.cache({ name: "" });
    await app.act((ctx) => unnamed.fetch(ctx, { id: 0 }));
    await app.act((ctx) => unnamed.removeAllForName(ctx, { batchSize: 1000 }));
    await finishBackground(app);
    expect(await app.idsOf(unnamed)).toEqual([]);
    expect((await app.stored()).values).toHaveLength(6);
  });

  test("commits or rolls back with the mutation that calls it", async () => {
    const app = await createFilled();
    const failing = app.t.mutation(async (ctx) => {
      await app.foods.removeAllForName(ctx);
      expect(await app.foods.peek(ctx, { id: 0 })).toBeNull();
      throw new Error("after all not");
    });
    await expect(failing).rejects.toThrow("after all not");
    expect(await app.idsOf(app.foods)).toEqual([0, 1, 2]);
    await app.t.mutation((ctx) => app.foods.removeAllForName(ctx));
    expect(await app.idsOf(app.foods)).toEqual([]);
  });
});

type Filled = Awaited<ReturnType<typeof createFilled>>;

describe.each([
  {
    way: "the function removeAll",
    clear: (app: Filled, before?: number) => app.act((ctx) => removeAll(ctx, component, before)),
  },
  {
    way: "the deprecated method removeAll",
    clear: (app: Filled, before?: number) => app.act((ctx) => app.foods.removeAll(ctx, before)),
  },
])("$way", ({ clear }) => {
  test("clears every cache of the component", async () => {
    const app = await createFilled();
    expect(await clear(app)).toBeNull();
    expect(await app.idsOf(app.foods)).toEqual([]);
    expect(await app.idsOf(app.places)).toEqual([]);
    expect((await app.stored()).values).toHaveLength(6);
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });

  test("clears what was created up to `before`", async () => {
    const app = await createFilled();
    vi.setSystemTime(START + MINUTE);
    await clear(app, START + 1);
    expect(await app.idsOf(app.foods)).toEqual([2]);
    expect(await app.idsOf(app.places)).toEqual([2]);
    await finishBackground(app);
    expect((await app.stored()).values).toHaveLength(2);
  });

  test("spares what is stored afterwards, whatever `before` says", async () => {
    const app = await createFilled();
    await clear(app, Infinity);
    await app.act((ctx) => app.foods.fetch(ctx, { id: 1 }));
    await finishBackground(app);
    expect(await app.idsOf(app.foods)).toEqual([1]);
    expect(await app.idsOf(app.places)).toEqual([]);
  });
});
