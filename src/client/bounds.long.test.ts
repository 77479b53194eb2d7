/** Eviction of what has many rows. */
import { expect, test, vi } from "vitest";
import { HOUR } from "../shared/time.js";
import { createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { virtualTime } from "../testing/time.js";

virtualTime(1_000 * HOUR);

test("a transaction has room for whatever is evicted with an entry", async () => {
  const app = createApp();
  const tags = Array.from({ length: 128 }, (_, n) => `tag ${n}`);
  const cache = app.cache({ maxEntries: 200, tags: () => tags });
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  for (let n = 0; n < 200; n++) {
    await app.t.mutation((ctx) => cache.put(ctx, { n }, n, { tags }));
  }
  vi.spyOn(Math, "random").mockReturnValue(0);
  await app.t.mutation((ctx) => app.cache({ maxEntries: 1 }).put(ctx, { n: 999 }, 1));
  await finishBackground(app);
  expect((await app.stored()).values).toHaveLength(1);
});
