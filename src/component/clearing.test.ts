import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { MINUTE } from "../shared/time.js";
import { component } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { createCleared } from "../testing/cleared.js";
import { seed, writeEntry } from "../testing/seed.js";

const { get, put, removeAll } = component.lib;
const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

describe("lib.removeAll, for readers (guarantee 3)", () => {
  test("clears everything at once, before anything is deleted", async () => {
    const app = createCleared();
    await app.store("a", 1);
    await app.store("b", 2, MINUTE);
    expect(await app.t.mutation(removeAll, {})).toBeNull();
    expect(await app.served("a")).toEqual([]);
    expect(await app.served("b")).toEqual([]);
    expect(await app.rows()).toEqual(["a:1", "b:2"]);
  });

  test("tells the caller of get of no expired entry that a clear has taken", async () => {
    const app = createCleared();
    await app.store("a", 1);
    await app.t.mutation(removeAll, {});
    expect(await app.t.query(get, { name: "a", args: { id: 1 }, ttl: null })).toEqual({
      kind: "miss",
    });
  });

  test("clears one name, and leaves the others", async () => {
    const app = createCleared();
    for (const name of ["a", "aa", "A", ""]) await app.store(name, 1);
    await app.t.mutation(removeAll, { name: "a" });
    expect(await app.served("a")).toEqual([]);
    for (const name of ["aa", "A", ""]) expect(await app.served(name)).toEqual([1]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["aa:1", "A:1", ":1"]);
  });

  test("clears the empty name, and never everything for it", async () => {
    const app = createCleared();
    await app.store("", 1);
    await app.store("a", 1);
    await app.t.mutation(removeAll, { name: "" });
    expect(await app.served("")).toEqual([]);
    expect(await app.served("a")).toEqual([1]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:1"]);
  });

  test("clears what was created up to `before`, and nothing later", async () => {
    const app = createCleared();
    for (const id of [1, 2, 3]) {
      vi.setSystemTime(START + id);
      await app.store("a", id);
    }
    vi.setSystemTime(START + MINUTE);
    await app.t.mutation(removeAll, { before: START + 2 });
    expect(await app.served("a")).toEqual([3]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:3"]);
  });

  test("honours `before` together with a name", async () => {
    const app = createCleared();
    await app.store("a", 1);
    await app.store("b", 1);
    vi.setSystemTime(START + 1);
    await app.store("a", 2);
    await app.t.mutation(removeAll, { name: "a", before: START });
    expect(await app.served("a")).toEqual([2]);
    expect(await app.served("b")).toEqual([1]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["b:1", "a:2"]);
  });

  test("reaches what `before` spared, when all is cleared later, and the other way round", async () => {
    const app = createCleared();
    await app.store("a", 1);
    vi.setSystemTime(START + 10);
    await app.store("a", 2);
    await app.t.mutation(removeAll, { before: START });
    expect(await app.served("a")).toEqual([2]);
    await app.t.mutation(removeAll, {});
    expect(await app.served("a")).toEqual([]);
    await app.store("a", 3);
    vi.setSystemTime(START + 20);
    await app.t.mutation(removeAll, { before: START });
    expect(await app.served("a")).toEqual([3]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:3"]);
  });

  test("spares what is stored after it, even for a `before` in the future", async () => {
    const app = createCleared();
    await app.store("a", 1);
    await app.t.mutation(removeAll, { before: START + MINUTE });
    await app.store("a", 2);
    expect(await app.served("a")).toEqual([2]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:2"]);
  });

  test("spares what is stored after it in the same millisecond", async () => {
    const app = createCleared();
    await app.store("a", 1);
    await app.t.mutation(removeAll, { name: "a" });
    await app.store("a", 1);
    expect(await app.served("a")).toEqual([1]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:1"]);
  });

  test("goes by the order of the calls within one transaction", async () => {
    const app = createCleared();
    await app.t.mutation(async (ctx) => {
      await ctx.runMutation(put, { name: "a", args: { id: 1 }, value: 1, ttl: null });
      await ctx.runMutation(removeAll, { name: "a" });
      await ctx.runMutation(put, { name: "a", args: { id: 2 }, value: 2, ttl: null });
      const read = (id: number) => ctx.runQuery(get, { name: "a", args: { id }, ttl: null });
      expect(await read(1)).toEqual({ kind: "miss" });
      expect(await read(2)).toEqual({ kind: "hit", value: 2 });
    });
    expect(await app.served("a")).toEqual([2]);
    await finishBackground(app);
    expect(await app.rows()).toEqual(["a:2"]);
  });

  test("rolls back with the mutation that called it", async () => {
    const app = createCleared();
    await app.store("a", 1);
    const before = await app.stored();
    const failing = app.t.mutation(async (ctx) => {
      await ctx.runMutation(removeAll, { batchSize: 1 });
      throw new Error("after all not");
    });
    await expect(failing).rejects.toThrow("after all not");
    expect(await app.stored()).toEqual(before);
    expect(await app.served("a")).toEqual([1]);
  });

  test("writes one document, however many entries it covers", async () => {
    const app = createCleared();
    await seed(app, { count: 1000, bytesEach: 100 }, (ctx, id) =>
      writeEntry(ctx, { name: "a", args: { id }, value: "" }),
    );
    app.observer.reset();
    await app.t.mutation(removeAll, { name: "a" });
    expect(app.observer.counts).toMatchObject({ documentsWritten: 1, documentsRead: 0 });
    expect(await app.served("a")).toEqual([]);
  });
});

describe("lib.removeAll, for storage", () => {
  test("deletes as many as `batchSize` says at once, and as many in each step behind", async () => {
    const app = createCleared();
    for (const id of [1, 2, 3, 4]) await app.store("a", id, MINUTE);
    await app.t.mutation(removeAll, { batchSize: 3 });
    expect(await app.stored()).toMatchObject({
      values: [{ args: { id: 4 } }],
      metadata: [{ expiresAt: START + MINUTE }],
    });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  });

  test("spares what is stored while it goes on", async () => {
    const app = createCleared();
    for (const id of [1, 2, 3]) await app.store("a", id);
    await app.t.mutation(removeAll, { name: "a", batchSize: 1 });
    await app.store("a", 1);
    await app.store("a", 4);
    await finishBackground(app);
    expect(await app.served("a")).toEqual([1, 4]);
    expect(await app.rows()).toEqual(["a:1", "a:4"]);
  });

  test("spares what is stored while a clear of everything goes on", async () => {
    const app = createCleared();
    for (const id of [1, 2, 3]) await app.store("a", id);
    await app.t.mutation(removeAll, { batchSize: 1 });
    await app.store("a", 1);
    await app.store("b", 4);
    await finishBackground(app);
    expect(await app.served("a")).toEqual([1]);
    expect(await app.rows()).toEqual(["a:1", "b:4"]);
  });

  test("deletes a name in steps of the caller's `batchSize`, and its metadata with it", async () => {
    const app = createCleared();
    await seed(app, { count: 400, bytesEach: 200 }, (ctx, id) =>
      writeEntry(ctx, { name: id % 2 ? "a" : "b", args: { id }, value: "", expiresAt: START + id }),
    );
    await app.t.mutation(removeAll, { name: "a", batchSize: 30 });
    const jobs = await finishBackground(app);
    // 30 at once, and the other 170 in six steps.
    expect(jobs).toHaveLength(6);
    const { values, metadata } = await app.stored();
    expect(values).toHaveLength(200);
    expect(metadata).toHaveLength(200);
    expect(new Set(values.map(({ name }) => name))).toEqual(new Set(["b"]));
    expect(metadata.map(({ valueId }) => valueId)).toEqual(values.map(({ _id }) => _id));
  });

  test.each([{}, { name: "a" }, { name: "a", batchSize: 1000 }])(
    "stays within transaction limits where documents are as large as can be: %o",
    async (request) => {
      const error = vi.spyOn(console, "error");
      const app = createCleared();
      const value = "x".repeat(MIB - 2048);
      await seed(app, { count: 40, bytesEach: MIB }, (ctx, id) =>
        writeEntry(ctx, { name: "a", args: { id }, value, expiresAt: START + id }),
      );
      await app.t.mutation(removeAll, request);
      await finishBackground(app);
      expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
      expect(error).not.toHaveBeenCalled();
    },
  );

  test("goes on behind a row that can't be deleted, and reports it", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const app = createCleared();
    await seed(app, { count: 10, bytesEach: 10 }, (ctx, id) =>
      writeEntry(ctx, { name: "a", args: { id }, value: id }),
    );
    const stuck = (await app.stored()).values[4]!._id;
    app.observer.fault = (op, { id }) => {
      if (op === "1.0/remove" && id === stuck) throw new Error("no");
    };
    await app.t.mutation(removeAll, { name: "a", batchSize: 2 });
    await finishBackground(app);
    expect((await app.stored()).values.map(({ _id }) => _id)).toEqual([stuck]);
    expect(error).toHaveBeenCalledWith(expect.stringContaining(stuck));
    expect(await app.served("a")).toEqual([]);
  });
});
