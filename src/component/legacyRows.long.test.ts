import { expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { seed, writeLegacyEntry } from "../testing/seed.js";

const START = 1_000_000;

virtualTime(START);

test("5,000 expired entries of 0.3.1 are purged from one call", async () => {
  const error = vi.spyOn(console, "error");
  const app = createApp();
  const value = "x".repeat(14 * 1024);
  await seed(app, { count: 5000, bytesEach: 2 * value.length }, (ctx, id) =>
    writeLegacyEntry(ctx, { name: "test", args: { id }, value, expiresAt: START - (id % 7) }),
  );
  await app.t.mutation(component.crons.purge, { expiresAt: Date.now() });
  const jobs = await finishBackground(app);
  expect(await app.stored()).toMatchObject({ values: [], metadata: [] });
  // Their size is not known before they are read, and each transaction moves 4 MiB at most.
  expect(1 + jobs.length).toBeLessThanOrEqual(55);
  expect(error).not.toHaveBeenCalled();
});
