import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api } from "./_generated/api.js";
import { geocodingAnswer, initApp, stubService } from "./test.setup.js";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("everybody may look, but not at values, and nobody may change anything", async () => {
  const app = initApp();
  stubService(() => geocodingAnswer());
  await app.action(api.geocoding.locate, { name: "Berlin" });

  const { names } = await app.query(api.inspector.names, {});
  expect(names).toEqual(["geocoding-v1"]);

  const listing = { name: names[0]!, search: "BERL", cursor: null, numItems: 10 };
  const { page } = await app.query(api.inspector.entries, listing);
  expect(page).toMatchObject([{ args: { name: "berlin" } }]);

  const berlin = { name: names[0]!, key: page[0]!.storedKey };
  const { value } = await app.query(api.inspector.entry, berlin);
  expect(value).toEqual({ kind: "withheld" });

  const removing = app.mutation(api.inspector.remove, berlin);
  await expect(removing).rejects.toMatchObject({ data: { code: "NOT_ALLOWED" } });
});
