import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { MINUTE } from "../shared/time.js";

const START = 1_000_000;
const args = { id: 1 };

virtualTime(START);

describe("remove (guarantee 3)", () => {
  test("removes one entry, and resolves to whether there was one", async () => {
    const { act, cache, stored } = createApp();
    const values = cache({ ttl: MINUTE });
    await act((ctx) => values.fetch(ctx, args));
    await act((ctx) => values.fetch(ctx, { id: 2 }));
    expect(await act((ctx) => values.remove(ctx, args))).toBe(true);
    expect(await act((ctx) => values.remove(ctx, args))).toBe(false);
    expect(await act((ctx) => values.remove(ctx, { id: 3 }))).toBe(false);
    const { values: rows, metadata } = await stored();
    expect(rows).toMatchObject([{ args: { id: 2 } }]);
    expect(metadata).toMatchObject([{ valueId: rows[0]!._id }]);
    expect(await act((ctx) => values.fetch(ctx, args))).toBe(3);
  });

  test("counts an expired entry", async () => {
    const { act, cache } = createApp();
    const values = cache({ ttl: MINUTE });
    await act((ctx) => values.fetch(ctx, args));
    vi.setSystemTime(START + 2 * MINUTE);
    expect(await act((ctx) => values.remove(ctx, args))).toBe(true);
  });

  test("does not count an invalidated entry, but deletes it", async () => {
    const { act, cache, stored } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    await act((ctx) => values.removeAllForName(ctx));
    expect(await act((ctx) => values.remove(ctx, args))).toBe(false);
    expect((await stored()).values).toEqual([]);
  });

  test("finds the entry by its arguments in any order of fields", async () => {
    const { act, cache } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, { a: 1, b: { c: 2, d: 3 } }));
    expect(await act((ctx) => values.remove(ctx, { b: { d: 3, c: 2 }, a: 1 }))).toBe(true);
  });

  test("leaves other names alone", async () => {
    const { act, cache } = createApp();
    await act((ctx) => cache().fetch(ctx, args));
    expect(await act((ctx) => cache({ name: "other" }).remove(ctx, args))).toBe(false);
    expect(await act((ctx) => cache().remove(ctx, args))).toBe(true);
  });

  test("commits or rolls back with the mutation that calls it", async () => {
    const { act, cache, t, stored } = createApp();
    const values = cache();
    await act((ctx) => values.fetch(ctx, args));
    const before = await stored();
    const failing = t.mutation(async (ctx) => {
      expect(await values.remove(ctx, args)).toBe(true);
      throw new Error("after all not");
    });
    await expect(failing).rejects.toThrow("after all not");
    expect(await stored()).toEqual(before);
    await t.mutation((ctx) => values.remove(ctx, args));
    expect((await stored()).values).toEqual([]);
  });
});
