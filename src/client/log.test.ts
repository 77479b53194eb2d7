import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { finishBackground } from "../testing/background.js";
import { MINUTE } from "../shared/time.js";

const START = 1_000_000;

virtualTime(START);

/** The lines that were written to `console.log`. */
function watchLog() {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  return () => log.mock.calls.map((call) => call as unknown[]);
}

describe("with `log: true`", () => {
  test("each fetch writes one line of JSON, as 0.3.1 did", async () => {
    const lines = watchLog();
    const { act, cache } = createApp();
    const embeddings = cache({ log: true, name: "embed-v1", ttl: MINUTE });
    const fetch = (options = {}) => act((ctx) => embeddings.fetch(ctx, { text: "a" }, options));
    await fetch();
    await fetch();
    await fetch({ force: true });
    vi.setSystemTime(START + MINUTE);
    await fetch();
    expect(lines()).toEqual([
      ['{"type":"action-cache-stats","name":"embed-v1","get":"miss","put":"created","fillMs":0}'],
      ['{"type":"action-cache-stats","name":"embed-v1","get":"hit"}'],
      ['{"type":"action-cache-stats","name":"embed-v1","get":"miss","put":"replaced","fillMs":0}'],
      ['{"type":"action-cache-stats","name":"embed-v1","get":"miss","put":"replaced","fillMs":0}'],
    ]);
  });

  test("a value that is not stored is logged as skipped, with the reason", async () => {
    const lines = watchLog();
    const { act, cache } = createApp();
    await act((ctx) => cache({ log: true, shouldCache: () => false }).fetch(ctx, {}));
    const [[line]] = lines() as [[string]];
    expect(line).toMatch(
      /^\{"type":"action-cache-stats","name":"test","get":"miss","put":"skipped",/,
    );
    expect(JSON.parse(line)).toHaveProperty("reason", expect.stringContaining("shouldCache"));
  });

  test("nothing but fetches is logged", async () => {
    const lines = watchLog();
    const { act, cache } = createApp();
    const values = cache({ log: true });
    await act(async (ctx) => {
      await values.put(ctx, {}, 1);
      await values.peek(ctx, {});
      await values.remove(ctx, {});
      await values.removeAllForName(ctx);
    });
    expect(lines()).toEqual([]);
  });
});

describe("with `log: true`, a fill that the component runs", () => {
  test("is logged as a refresh, with its put", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const lines = watchLog();
    const app = createApp();
    const values = app.cache({ log: true });
    await app.t.mutation((ctx) => values.forTenant("acme").refresh(ctx, {}));
    await finishBackground(app);
    await app.t.mutation((ctx) => values.refresh(ctx, {}));
    app.upstream.answer = () => "x".repeat(5 * 1024 * 1024);
    await finishBackground(app);
    const event = { type: "action-cache-stats", name: "test", get: "refresh", fillMs: 0 };
    expect(lines().map(([line]) => JSON.parse(line as string) as object)).toEqual([
      { ...event, tenant: "acme", put: "created" },
      { ...event, put: "skipped", reason: expect.stringMatching(/over 4194304/) as string },
    ]);
  });

  test.each([false, () => {}])("is not logged on the console with `log: %s`", async (log) => {
    const lines = watchLog();
    const app = createApp();
    await app.t.mutation((ctx) => app.cache({ log }).refresh(ctx, {}));
    await finishBackground(app);
    expect(lines()).toEqual([]);
  });
});

test.each([false, undefined])("with `log: %s`, nothing is logged", async (log) => {
  const lines = watchLog();
  const { act, cache } = createApp();
  await act((ctx) => cache({ log }).fetch(ctx, {}));
  expect(lines()).toEqual([]);
});

test("a `log` function gets each event, and the console nothing", async () => {
  const lines = watchLog();
  const { act, cache } = createApp();
  const log = vi.fn();
  const values = cache({ log });
  await act((ctx) => values.fetch(ctx, {}));
  await act((ctx) => values.fetch(ctx, {}));
  expect(log.mock.calls).toEqual([
    [{ type: "action-cache-stats", name: "test", get: "miss", put: "created", fillMs: 0 }],
    [{ type: "action-cache-stats", name: "test", get: "hit" }],
  ]);
  expect(lines()).toEqual([]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("disk full");
    },
  ],
  ["rejects", () => Promise.reject(new Error("disk full"))],
])("a `log` function that %s costs no one a value, and is said once", async (_, log) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { act, cache, upstream } = createApp();
  const values = cache({ log });
  expect(await act((ctx) => values.fetch(ctx, {}))).toBe(1);
  expect(await act((ctx) => values.fetch(ctx, {}))).toBe(1);
  expect(upstream.runs).toBe(1);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/`test`: the `log`.*disk full/)]]);
});

test("a fetch whose action throws is not logged as one that has a value", async () => {
  const { act, cache, upstream, events } = createApp();
  upstream.answer = () => {
    throw new Error("upstream is down");
  };
  await expect(act((ctx) => cache().fetch(ctx, {}))).rejects.toThrow("upstream is down");
  expect(events).toEqual([]);
});
