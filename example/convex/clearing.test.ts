import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api.js";
import { EMBEDDING_DIMENSIONS } from "./schema.js";
import { geocodingAnswer, initApp, stubService } from "./test.setup.js";

/** An app with two places and one embedding in its caches, and how to see which are asked anew. */
async function filledApp() {
  const app = initApp();
  const { requests } = stubService((url) =>
    url.pathname.endsWith("/embeddings")
      ? {
          data: [{ embedding: new Array<number>(EMBEDDING_DIMENSIONS).fill(1) }],
        }
      : geocodingAnswer(),
  );
  const askedAnew = async () => {
    requests.length = 0;
    await app.action(api.geocoding.locate, { name: "Berlin" });
    await app.action(api.geocoding.locate, { name: "Hamburg" });
    await app.action(api.foods.search, { query: "soup", cuisines: [] });
    return requests.map((url) => url.searchParams.get("name") ?? "an embedding");
  };
  expect(await askedAnew()).toEqual(["berlin", "hamburg", "an embedding"]);
  expect(await askedAnew()).toEqual([]);
  return { app, askedAnew };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("OPENAI_API_KEY", "test-key");
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

test("by argument, removes that place alone", async () => {
  const { app, askedAnew } = await filledApp();

  expect(await app.mutation(internal.clearing.place, { name: " BERLIN" })).toBe(true);
  expect(await app.mutation(internal.clearing.place, { name: "Berlin" })).toBe(false);

  expect(await askedAnew()).toEqual(["berlin"]);
});

test("by name, removes all places and nothing else", async () => {
  const { app, askedAnew } = await filledApp();

  vi.advanceTimersByTime(1);
  await app.mutation(internal.clearing.places, {});
  await app.finishAllScheduledFunctions(vi.runAllTimers);

  expect(await askedAnew()).toEqual(["berlin", "hamburg"]);
});

test("all, removes whatever is cached", async () => {
  const { app, askedAnew } = await filledApp();

  vi.advanceTimersByTime(1);
  await app.mutation(internal.clearing.everything, {});
  await app.finishAllScheduledFunctions(vi.runAllTimers);

  expect(await askedAnew()).toEqual(["berlin", "hamburg", "an embedding"]);
});
