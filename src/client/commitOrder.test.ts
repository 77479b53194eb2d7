import { describe, expect, test, vi } from "vitest";
import { runScheduled } from "./scheduled.js";
import { createApp } from "../testing/app.js";
import { advance, virtualTime } from "../testing/time.js";
import { HOUR, SECOND } from "../shared/time.js";

const START = 10 * HOUR;

virtualTime(START);

const args = { place: "Berlin" };

/** An app with a fill under way, after whose claim the clock was set back by an hour. */
async function createSetBackApp() {
  const app = createApp();
  const cache = app.cache();
  let end = () => {};
  app.upstream.answer = (_, run) =>
    new Promise((resolve) => {
      end = () => resolve(`run ${run}`);
    });
  const pass = (ms: number) => advance(ms, () => app.observer.operations);
  const filling = app.act((ctx) => cache.fetch(ctx, args));
  await pass(10);
  vi.setSystemTime(START - HOUR);
  return { ...app, cache, pass, filling, end: () => end() };
}

describe("the order is that of commits, whatever the clocks say (guarantee 2)", () => {
  test("a value that is put later stays", async () => {
    const { t, cache, filling, end, pass } = await createSetBackApp();
    await t.mutation((ctx) => cache.put(ctx, args, "put"));
    end();
    await pass(10);
    expect(await filling).toBe("run 1");
    expect((await t.query((ctx) => cache.peek(ctx, args)))?.value).toBe("put");
  });

  test("a clear that comes later keeps the value out", async () => {
    const { t, cache, filling, end, pass, events } = await createSetBackApp();
    await t.mutation((ctx) => cache.removeAllForName(ctx));
    end();
    await pass(10);
    expect(await filling).toBe("run 1");
    expect(await t.query((ctx) => cache.peek(ctx, args))).toBeNull();
    expect(events).toMatchObject([{ get: "miss", put: "rejected" }]);
  });

  test("a fill that began later replaces a value with a later time", async () => {
    const { act, t, cache, upstream } = await createSetBackApp();
    vi.setSystemTime(START);
    await t.mutation((ctx) => cache.put(ctx, args, "put"));
    vi.setSystemTime(START - HOUR);
    upstream.answer = () => "forced";
    await act((ctx) => cache.fetch(ctx, args, { force: true }));
    expect((await t.query((ctx) => cache.peek(ctx, args)))?.value).toBe("forced");
  });
});

describe("what a claim was told", () => {
  test("an entry that never expires is refilled for a reader of a shorter ttl, and stored", async () => {
    const app = createApp();
    const cache = app.cache();
    await app.t.mutation((ctx) => cache.put(ctx, args, "old"));
    vi.setSystemTime(START + 2 * SECOND);
    app.upstream.answer = () => "new";
    expect(await app.act((ctx) => cache.fetch(ctx, args, { ttl: SECOND }))).toBe("new");
    expect(app.events).toMatchObject([{ get: "miss", put: "replaced" }]);
    expect(app.observer.counts.mutations).toBe(2);
  });

  test("a token of another cache's fill stores nothing under this one's name", async () => {
    const app = createApp();
    const [one, other] = [app.cache({ name: "one" }), app.cache({ name: "other" })];
    await app.t.mutation((ctx) => one.refresh(ctx, args));
    const [fill] = (await app.stored()).fills;
    await app.act((ctx) => other.runScheduled(ctx, [{ token: fill!._id, args }], runScheduled));
    expect((await app.stored()).values.filter(({ name }) => name === "other")).toEqual([]);
  });
});
