import { MINUTE, SECOND } from "@convex-dev/action-cache";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api.js";
import { finishBackground, geocodingAnswer, initApp, stubService } from "./test.setup.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  // A request takes as long as the service's mode says, by a timer of its own: none is waited for here.
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (callback: () => void) => setTimeout(callback, 0));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const name = "Berlin";

test("an answer says where it came from", async () => {
  const app = initApp();
  const { requests } = stubService(() => geocodingAnswer());
  const statusOf = async (options = {}) =>
    (await app.action(api.places.ask, { name, ...options })).status;
  expect(await statusOf()).toBe("filled");
  expect(await statusOf()).toBe("hit");
  expect(await statusOf({ force: true })).toBe("filled");
  vi.advanceTimersByTime(20 * SECOND);
  expect(await statusOf()).toBe("stale");
  await finishBackground(app);
  expect(await statusOf()).toBe("hit");
  expect(requests).toHaveLength(3);
});

test("while the service is down, what is stored is served, and of the rest the failure is told", async () => {
  const app = initApp();
  stubService(() => geocodingAnswer());
  await app.action(api.places.ask, { name });
  await app.mutation(api.upstream.setMode, { mode: "down" });
  expect(await app.query(api.upstream.mode, {})).toBe("down");
  vi.advanceTimersByTime(5 * MINUTE);
  expect(await app.action(api.places.ask, { name })).toMatchObject({ status: "stale" });
  expect(await app.action(api.places.ask, { name: "Hamburg" })).toMatchObject({
    status: "failed",
    message: "The geocoding service is down.",
  });
});

test("a place that is expired, removed, cleared or invalidated is stored so", async () => {
  const app = initApp();
  stubService(() => geocodingAnswer());
  const stored = () => app.query(api.places.stored, { name });
  const fill = () => app.action(api.places.ask, { name });
  await fill();
  expect(await stored()).toMatchObject({ place: { name }, expiresAt: Date.now() + 20 * SECOND });
  await app.mutation(api.places.expire, { name });
  expect(await stored()).toMatchObject({ expiresAt: Date.now() });
  expect(await app.mutation(api.places.remove, { name })).toBe(true);
  expect(await stored()).toBeNull();
  await fill();
  await app.mutation(api.places.invalidateCountry, { countryCode: "DE" });
  expect(await stored()).toBeNull();
  await fill();
  await app.mutation(api.places.clear, {});
  expect(await stored()).toBeNull();
});

test("traffic is counted in parts of five seconds, and forgotten after ten minutes", async () => {
  vi.setSystemTime(1_000_000_000);
  const app = initApp();
  stubService(() => geocodingAnswer());
  await app.action(api.places.ask, { name });
  await app.action(api.places.ask, { name });
  const first = { at: 1_000_000_000, fetches: 2, requests: 1 };
  expect(await app.query(api.upstream.traffic, {})).toEqual([first]);
  vi.advanceTimersByTime(5 * SECOND);
  await app.action(api.places.ask, { name });
  const second = { at: first.at + 5 * SECOND, fetches: 1, requests: 0 };
  expect(await app.query(api.upstream.traffic, {})).toEqual([first, second]);
  vi.advanceTimersByTime(10 * MINUTE);
  await app.mutation(internal.upstream.forgetOldTraffic, {});
  expect(await app.query(api.upstream.traffic, {})).toEqual([second]);
});
