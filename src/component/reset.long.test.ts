/** Setting back figures that are too many for one transaction. */
import { expect, test, vi } from "vitest";
import { HOUR, MINUTE } from "../shared/time.js";
import { component, createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { figuresOf } from "../testing/figures.js";
import { virtualTime } from "../testing/time.js";

virtualTime(1_000 * HOUR);

test("a reset of more tenants' hours than a transaction writes goes on to its end, and leaves what is stored", async () => {
  const app = createApp();
  const tenants = 170;
  for (let tenant = 0; tenant < tenants; tenant++) {
    await app.inComponent(async (ctx) => {
      for (let hour = 1; hour <= 100; hour++) {
        await ctx.db.insert("figures", {
          ...{ name: "many", tenant: `tenant ${tenant}`, hour: hour * HOUR },
          counts: { fills: 1, entries: 1 },
        });
      }
    });
  }
  const recorded = { name: "many", tenant: "tenant 3" };
  await app.inComponent((ctx) => ctx.db.insert("deltas", { ...recorded, counts: { puts: 2 } }));
  vi.setSystemTime(Date.now() + MINUTE);
  await app.t.mutation((ctx) => ctx.runMutation(component.stats.reset, { name: "many" }));
  const jobs = await finishBackground(app);
  expect(jobs.filter((name) => name.includes("resetBatch"))).not.toEqual([]);
  for (const tenant of ["tenant 0", "tenant 3", `tenant ${tenants - 1}`]) {
    const figures = await figuresOf(app, "many", tenant);
    expect(figures).toMatchObject({ fills: 0, puts: 0, entries: 100 });
  }
});
