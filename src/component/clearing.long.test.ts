import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { PART_BYTES } from "../shared/limits.js";
import { component } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { createCleared } from "../testing/cleared.js";
import { seed, writeEntry, writeEntryInParts } from "../testing/seed.js";

const { removeAll } = component.lib;
const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

describe("lib.removeAll, for storage", () => {
  test("deletes all of 5,000 entries from one call, within transaction limits", async () => {
    const error = vi.spyOn(console, "error");
    const app = createCleared();
    const value = "x".repeat(14 * 1024);
    await seed(app, { count: 5000, bytesEach: value.length }, (ctx, id) =>
      writeEntry(ctx, { name: "a", args: { id }, value }),
    );
    await app.t.mutation(removeAll, {});
    expect(await app.served("a")).toEqual([]);
    const jobs = await finishBackground(app);
    expect(await app.rows()).toEqual([]);
    // Each reads and deletes 4 MiB at most.
    expect(jobs.length).toBeLessThanOrEqual(50);
    expect(error).not.toHaveBeenCalled();
  });

  test.each([{}, { name: "a" }, { name: "a", batchSize: 1 }])(
    "stays within transaction limits where values lie in parts of 15 MiB: %o",
    async (request) => {
      const error = vi.spyOn(console, "error");
      const app = createCleared();
      await seed(app, { count: 2, bytesEach: 15 * MIB }, (ctx, id) => {
        const parts = Array.from({ length: 15 }, () => "x".repeat(MIB - 2048));
        return writeEntryInParts(ctx, { name: "a", args: { id }, parts });
      });
      await app.t.mutation(removeAll, request);
      await finishBackground(app);
      expect(await app.stored()).toMatchObject({ values: [], parts: 0 });
      expect(error).not.toHaveBeenCalled();
    },
  );

  test.each([{}, { name: "a" }, { batchSize: 1 }])(
    "deletes a value whose parts fill a transaction, and comes to an end: %o",
    async (request) => {
      const app = createCleared();
      await app.inComponent((ctx) => {
        const parts = Array.from({ length: 16 }, () => "x".repeat(PART_BYTES));
        return writeEntryInParts(ctx, { name: "a", args: {}, parts });
      });
      await app.t.mutation(removeAll, request);
      await finishBackground(app, 20);
      expect(await app.stored()).toMatchObject({ values: [], parts: 0 });
    },
  );
});
