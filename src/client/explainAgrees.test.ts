/** What `explain` and `verdict` say of a call is what `fetch` then finds. */
import { fc, test } from "@fast-check/vitest";
import { expect, vi } from "vitest";
import { component, createApp } from "../testing/app.js";
import { virtualTime } from "../testing/time.js";
import { HOUR, MINUTE, SECOND } from "../shared/time.js";
import { invalidateTags, removeAll, verdict } from "./index.js";

virtualTime(1_000_000_000_000, { quietly: true });

// The same states each time in CI, where a failure is to be of the change at hand; others elsewhere.
const seed = process.env.CI ? 1 : Date.now();
const args = { id: 1 };

const window = fc.constantFrom(0, MINUTE, HOUR);
const config = fc.record({
  ttl: fc.constantFrom(null, SECOND, MINUTE, HOUR),
  staleWhileRevalidate: window,
  staleIfError: window,
  errorTtl: window,
});
const step = fc.constantFrom(
  ...(["put", "put", "fetch", "fail", "expire", "remove", "clear", "clearOld"] as const),
  ...(["clearAll", "tag", "tagExpire", "other", "second", "minute", "minute", "hour"] as const),
);

test.prop([config, fc.array(step, { minLength: 1, maxLength: 8 }), fc.boolean()], {
  numRuns: 150,
  seed,
})("whatever happened to the entry before", async (config, steps, refuses) => {
  vi.setSystemTime(1_000_000_000_000);
  const app = createApp();
  const { act, t, upstream } = app;
  const refresher = "refresh:none" as never;
  const before = app.cache({ ...config, tags: () => ["users"], refresher });
  const invalidate = (mode: "remove" | "expire") =>
    t.mutation((ctx) => invalidateTags(ctx, component, ["users"], { mode }));
  const pass = (ms: number) => Promise.resolve(vi.setSystemTime(Date.now() + ms));
  const doing: Record<(typeof steps)[number], () => Promise<unknown>> = {
    put: () => t.mutation((ctx) => before.put(ctx, args, "put")),
    fetch: () => act((ctx) => before.fetch(ctx, args)).catch(() => null),
    fail: async () => {
      upstream.answer = () => Promise.reject(new Error("down"));
      await act((ctx) => before.fetch(ctx, args)).catch(() => null);
      upstream.answer = (_, run) => run;
    },
    expire: () => t.mutation((ctx) => before.expire(ctx, args)),
    remove: () => t.mutation((ctx) => before.remove(ctx, args)),
    clear: () => t.mutation((ctx) => before.removeAllForName(ctx)),
    clearOld: () => t.mutation((ctx) => removeAll(ctx, component, Date.now() - MINUTE)),
    clearAll: () => t.mutation((ctx) => removeAll(ctx, component)),
    tag: () => invalidate("remove"),
    tagExpire: () => invalidate("expire"),
    other: () => t.mutation((ctx) => before.forTenant("acme").put(ctx, args, 1)),
    second: () => pass(SECOND),
    minute: () => pass(MINUTE),
    hour: () => pass(HOUR),
  };
  for (const step of steps) await doing[step]();
  upstream.answer = (_, run) => run;
  const cache = app.cache({
    ...config,
    tags: () => ["users"],
    refresher,
    ...(refuses && { checkValue: (value) => value !== "put" }),
  });
  const explanation = await act((ctx) => cache.explain(ctx, args));
  const { state, sentence } = verdict(explanation, Date.now());
  expect(sentence).toMatch(/^[A-Z`].*\.$/);
  const found = await act((ctx) => cache.fetchEntry(ctx, args)).then(
    ({ status }) => (status === "filled" ? "miss" : status),
    () => "miss",
  );
  expect({ state, sentence }).toMatchObject({ state: found });
});
