import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { PART_BYTES } from "../shared/limits.js";
import { HOUR } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground, keepHouse } from "../testing/background.js";
import { seed, writeEntry, writeEntryInParts } from "../testing/seed.js";

const { purge } = component.crons;
const START = 1_000_000;
const MIB = 1024 * 1024;

virtualTime(START);

describe("a purge, at scale", () => {
  test("deletes all of 5,000 entries from one call, within transaction limits", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    const value = "x".repeat(14 * 1024);
    await seed(app, { count: 5000, bytesEach: value.length }, (ctx, id) =>
      writeEntry(ctx, { name: "a", args: { id }, value, expiresAt: START - (id % 7) }),
    );
    await app.t.mutation(purge, { expiresAt: START });
    const jobs = await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
    // 10,000 are to take at most 45 mutations; this call is one, and each job another.
    expect(1 + jobs.length).toBeLessThanOrEqual(26);
    expect(error).not.toHaveBeenCalled();
  });

  test("stays within transaction limits where values lie in parts of 15 MiB", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    await seed(app, { count: 2, bytesEach: 15 * MIB }, (ctx, id) => {
      const parts = Array.from({ length: 15 }, () => "x".repeat(MIB - 2048));
      return writeEntryInParts(ctx, { name: "a", args: { id }, parts, expiresAt: START - 1 });
    });
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [], parts: 0 });
    expect(error).not.toHaveBeenCalled();
  });

  test("deletes a value whose parts fill a transaction, and comes to an end", async () => {
    const app = createApp();
    await app.inComponent((ctx) => {
      const parts = Array.from({ length: 16 }, () => "x".repeat(PART_BYTES));
      return writeEntryInParts(ctx, { name: "a", args: {}, parts, expiresAt: START - 1 });
    });
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app, 20);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [], parts: 0 });
  });

  test("deletes large values among small ones, in whatever order", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    await seed(app, { count: 12, bytesEach: 3.5 * MIB }, async (ctx, id) => {
      const expiresAt = START - 1;
      const entry = { name: "a", args: { id }, expiresAt };
      if (id % 3 === 0) await writeEntry(ctx, { ...entry, value: "small" });
      else if (id % 3 === 1) await writeEntry(ctx, { ...entry, value: "x".repeat(MIB - 2048) });
      else {
        const parts = [1, 2, 3].map(() => "x".repeat(MIB - 2048));
        await writeEntryInParts(ctx, { ...entry, parts });
      }
    });
    await app.t.mutation(purge, { expiresAt: START });
    await finishBackground(app);
    expect(await app.stored()).toMatchObject({ values: [], metadata: [], parts: 0 });
    expect(error).not.toHaveBeenCalled();
  });
});

describe("a purge of fills", () => {
  test("deletes all of 20,000, within transaction limits", async () => {
    const error = vi.spyOn(console, "error");
    const app = createApp();
    await seed(app, { count: 20_000, bytesEach: 1000 }, (ctx) =>
      ctx.db.insert("fills", {
        name: "test",
        state: "skipped",
        startedAt: ctx.db.vars.commitTs,
        deadline: START - HOUR,
      }),
    );
    await keepHouse(app);
    expect((await app.stored()).fills).toEqual([]);
    expect(error).not.toHaveBeenCalled();
  });
});
