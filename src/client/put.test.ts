import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { HOUR, MINUTE } from "../shared/time.js";

const START = 1_000_000;
const args = { id: 1 };

virtualTime(START);

describe("put", () => {
  test("stores a value that fetch then finds", async () => {
    const { act, cache, upstream, events } = createApp();
    const values = cache();
    await act((ctx) => values.put(ctx, args, "put"));
    expect(await act((ctx) => values.fetch(ctx, args))).toBe("put");
    expect(upstream.runs).toBe(0);
    expect(events).toMatchObject([{ get: "hit" }]);
  });

  test("replaces what is stored, with all that belongs to it", async () => {
    const { act, cache, stored } = createApp();
    const values = cache({ ttl: MINUTE });
    await act((ctx) => values.put(ctx, args, "x".repeat(3 * 1024 * 1024)));
    expect((await stored()).parts).toBe(4);
    await act((ctx) => values.put(ctx, args, "new"));
    const { values: rows, metadata, parts } = await stored();
    expect(rows).toMatchObject([{ value: "new" }]);
    expect(metadata).toMatchObject([{ valueId: rows[0]!._id, expiresAt: START + MINUTE }]);
    expect(parts).toBe(0);
  });

  test("stores under the ttl given, else the configured one", async () => {
    const { act, cache, stored } = createApp();
    const expiries = async () => (await stored()).metadata.map(({ expiresAt }) => expiresAt);
    const byValue = cache({ ttl: ({ value }) => value as number });
    await act((ctx) => byValue.put(ctx, args, MINUTE));
    expect(await expiries()).toEqual([START + MINUTE]);
    await act((ctx) => byValue.put(ctx, args, MINUTE, { ttl: HOUR }));
    expect(await expiries()).toEqual([START + HOUR]);
    await act((ctx) => byValue.put(ctx, args, MINUTE, { ttl: Infinity }));
    expect(await expiries()).toEqual([]);
  });

  test("is not overwritten by a fill that began before it", async () => {
    const { act, cache, upstream, events } = createApp();
    const values = cache();
    upstream.answer = async () => {
      await act((ctx) => values.put(ctx, args, "put"));
      return "filled";
    };
    expect(await act((ctx) => values.fetch(ctx, args))).toBe("filled");
    expect(events).toMatchObject([{ get: "miss", put: "rejected" }]);
    expect(await act((ctx) => values.fetch(ctx, args))).toBe("put");
  });

  test("commits or rolls back with the mutation that calls it", async () => {
    const { t, cache, stored } = createApp();
    const values = cache();
    await t.mutation((ctx) => values.put(ctx, args, "committed"));
    const before = await stored();
    const failing = t.mutation(async (ctx) => {
      await values.put(ctx, args, "rolled back");
      throw new Error("after all not");
    });
    await expect(failing).rejects.toThrow("after all not");
    expect(await stored()).toEqual(before);
  });
});
