/** `list` among many rows: its pages stay within a transaction. */
import { describe, expect, test } from "vitest";
import { component, createApp } from "../testing/app.js";
import { listAll, upTo } from "../testing/listing.js";
import { seed, writeEntry, writeTaggedEntry } from "../testing/seed.js";
import { appTag } from "../component/model/invalidation/tags.js";
import { invalidateTags } from "./index.js";

describe("a page stays within its transaction", () => {
  test("where a tag has thousands of rows", async () => {
    const app = createApp();
    await seed(app, { count: 3000, bytesEach: 5000 }, (ctx, id) => {
      const name = id % 100 === 0 ? "test" : "other";
      return writeTaggedEntry(ctx, { name, args: { id }, value: id, tags: ["a"] });
    });
    const { ids, pages } = await listAll(app, app.cache(), { tag: "a" });
    expect(ids).toEqual(upTo(30).map((id) => 100 * id));
    for (const { documents } of pages) expect(documents).toBeLessThan(2500);
  });

  test("where a thousand tenants have a tag", async () => {
    const app = createApp();
    await seed(app, { count: 1000, bytesEach: 5000 }, async (ctx, id) => {
      const tenant = `tenant ${id}`;
      const startedAt = ctx.db.vars.commitTs;
      const tagRow = await ctx.db.insert("tags", { tag: appTag("a", tenant), startedAt });
      const entry = { name: "test", args: [tenant, "args", { id }], value: id, startedAt };
      const row = { ...entry, tenant, tags: ["a"], tagRows: [tagRow] };
      await ctx.db.patch("tags", tagRow, { valueId: await ctx.db.insert("values", row) });
    });
    const { ids } = await listAll(app, app.cache(), { tag: "a" });
    expect(ids.sort((a, b) => a! - b!)).toEqual(upTo(1000));
  });

  test("where each entry has 128 tags, that were invalidated before", async () => {
    const app = createApp();
    const tags = (id: number) => Array.from({ length: 128 }, (_, n) => `tag ${n} of ${id}`);
    for (const id of upTo(16)) await app.act((ctx) => invalidateTags(ctx, component, tags(id)));
    await seed(app, { count: 16, bytesEach: 100_000 }, (ctx, id) =>
      writeTaggedEntry(ctx, { name: "test", args: { id }, value: id, tags: tags(id) }),
    );
    const { ids, pages } = await listAll(app, app.cache());
    expect(ids).toEqual(upTo(16));
    expect(pages.length).toBeGreaterThan(1);
  });

  test("where most entries were cleared and not yet deleted", async () => {
    const app = createApp();
    await seed(app, { count: 2500, bytesEach: 1000 }, (ctx, id) =>
      writeEntry(ctx, { name: "test", args: { id }, value: id }),
    );
    await app.act((ctx) => app.cache().removeAllForName(ctx));
    await app.act((ctx) => app.cache().put(ctx, { id: 2600 }, "since"));
    const { ids, pages } = await listAll(app, app.cache());
    expect(ids).toEqual([2600]);
    for (const { documents } of pages) expect(documents).toBeLessThan(1100);
  });
});
