/** What housekeeping drops where there is much of it. */
import { expect, test } from "vitest";
import { ALL_TENANTS, invalidateTags } from "../client/index.js";
import { component, createApp } from "../testing/app.js";
import { keepHouse } from "../testing/background.js";
import { seed } from "../testing/seed.js";
import { virtualTime } from "../testing/time.js";
import { appTag } from "./model/invalidation/tags.js";

virtualTime(1_000_000);

test("an invalidation of all tenants goes, whatever live traffic stores under the tag", async () => {
  const app = createApp();
  const prices = app.cache();
  await app.t.mutation((ctx) => prices.put(ctx, { n: "old" }, 1, { tags: ["prices"] }));
  await app.t.mutation((ctx) =>
    prices.forTenant("b").put(ctx, { n: "old" }, 1, { tags: ["prices"] }),
  );
  await app.t.mutation((ctx) =>
    invalidateTags(ctx, component, ["prices"], { tenant: ALL_TENANTS }),
  );
  await seed(app, { count: 6000, bytesEach: 1000 }, async (ctx, n) => {
    const startedAt = ctx.db.vars.commitTs;
    const tag = appTag("prices", n % 3 === 0 ? undefined : `tenant ${n % 300}`);
    await ctx.db.insert("tags", { tag, startedAt });
  });
  for (let hour = 0; hour < 2; hour++) await keepHouse(app);
  expect((await app.stored()).invalidations).toEqual([]);
  expect((await app.stored()).values).toEqual([]);
});

test("compaction drops expiries of all tenants that are the first for no entry, however many there are", async () => {
  const app = createApp();
  const prices = app.cache();
  for (let n = 0; n < 300; n++) {
    await app.t.mutation((ctx) => prices.forTenant(`t${n}`).put(ctx, {}, n, { tags: ["prices"] }));
  }
  const expire = () =>
    app.t.mutation((ctx) =>
      invalidateTags(ctx, component, ["prices"], { tenant: ALL_TENANTS, mode: "expire" }),
    );
  for (let n = 0; n < 150; n++) await expire();
  const peek = () => app.t.query((ctx) => prices.forTenant("t7").peek(ctx, {}));
  const before = await peek();
  for (let hour = 0; hour < 2; hour++) await keepHouse(app);
  expect((await app.stored()).invalidations).toHaveLength(1);
  expect(await peek()).toEqual(before);
});
