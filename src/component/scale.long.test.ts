import { expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { invalidateTags } from "../client/index.js";
import { component, createApp } from "../testing/app.js";
import { keepHouse } from "../testing/background.js";
import { seed, writeTaggedEntry } from "../testing/seed.js";

virtualTime(1_000_000);

test("20,000 entries under one tag: one document invalidates them, and housekeeping deletes them within the limits", async () => {
  const app = createApp();
  const cache = app.cache({ tags: () => ["common"] });
  const count = 20_000;
  await seed(app, { count, bytesEach: 6000 }, (ctx, n) =>
    writeTaggedEntry(ctx, { name: "test", args: { n }, value: n, tags: ["common", `n:${n}`] }),
  );
  const peek = (n: number) => app.t.query((ctx) => cache.peek(ctx, { n }));
  expect((await peek(count - 1))?.value).toBe(count - 1);

  app.observer.reset();
  await app.t.mutation((ctx) => invalidateTags(ctx, component, ["common"]));
  expect(app.observer.counts).toMatchObject({ documentsWritten: 1, documentsRead: 0 });
  for (const n of [0, 1, 9_999, count - 1]) expect(await peek(n)).toBeNull();

  await app.t.mutation((ctx) => cache.put(ctx, { n: "later" }, "later"));
  const jobs = await keepHouse(app);
  // 256 rows a transaction.
  expect(jobs.length).toBeLessThan(90);
  await keepHouse(app);
  const { values, tags, invalidations } = await app.stored();
  expect(values.map(({ value }) => value as unknown)).toEqual(["later"]);
  expect(tags).toHaveLength(1);
  expect(invalidations).toEqual([]);
  expect((await app.t.query((ctx) => cache.peek(ctx, { n: "later" })))?.value).toBe("later");
});
