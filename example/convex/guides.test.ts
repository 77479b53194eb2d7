import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api.js";
import { initApp, stubService } from "./test.setup.js";

interface Message {
  content: string;
}

/** An app with three places saved, and a model that repeats the notes that it is given. */
async function appWithPlaces() {
  const app = initApp();
  const model = { whileWriting: () => Promise.resolve() };
  const { requests } = stubService(async (_url, body) => {
    const { messages } = JSON.parse(body) as { messages: Message[] };
    await model.whileWriting();
    return { choices: [{ message: { content: messages.at(-1)!.content } }] };
  });
  const save = (name: string, notes: string) => app.mutation(api.savedPlaces.save, { name, notes });
  const guideTo = (...names: string[]) => app.action(api.guides.to, { names });
  const cachedGuideTo = (...names: string[]) => app.query(api.guides.cached, { names });
  for (const name of ["Berlin", "Hamburg", "Munich"]) await save(name, "old notes");
  return { app, model, requests, save, guideTo, cachedGuideTo };
}

beforeEach(() => {
  vi.stubEnv("OPENAI_API_KEY", "test-key");
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe("a guide", () => {
  test("is written once for the same places, however they are listed", async () => {
    const { requests, guideTo } = await appWithPlaces();
    const guide = await guideTo("Hamburg", "Berlin");
    expect(guide).toBe("Berlin: old notes\nHamburg: old notes");
    expect(await guideTo("Berlin", "Hamburg", "Berlin")).toBe(guide);
    expect(requests.map(({ pathname }) => pathname)).toEqual(["/v1/chat/completions"]);
  });

  test("to a place that is not saved is refused, and there when it is", async () => {
    const { requests, save, guideTo } = await appWithPlaces();
    await expect(guideTo("Cologne")).rejects.toThrow("No place of the name Cologne");
    expect(requests).toHaveLength(0);
    await save("Cologne", "a cathedral");
    expect(await guideTo("Cologne")).toBe("Cologne: a cathedral");
  });
});

describe("an edit", () => {
  test("takes the guides that contain the place with it, and leaves the others", async () => {
    const { requests, save, guideTo, cachedGuideTo } = await appWithPlaces();
    await guideTo("Berlin", "Hamburg");
    await guideTo("Hamburg", "Munich");
    await guideTo("Berlin", "Munich");

    await save("Hamburg", "new notes");
    expect(await cachedGuideTo("Berlin", "Hamburg")).toBeNull();
    expect(await cachedGuideTo("Hamburg", "Munich")).toBeNull();
    expect(await cachedGuideTo("Berlin", "Munich")).not.toBeNull();

    expect(await guideTo("Berlin", "Hamburg")).toContain("Hamburg: new notes");
    await guideTo("Berlin", "Munich");
    expect(requests).toHaveLength(4);
  });

  test("is seen by the mutation that made it, at once", async () => {
    const { app, guideTo } = await appWithPlaces();
    await guideTo("Berlin");
    await app.mutation(async (ctx) => {
      await ctx.runMutation(api.savedPlaces.save, { name: "Berlin", notes: "new notes" });
      expect(await ctx.runQuery(api.guides.cached, { names: ["Berlin"] })).toBeNull();
    });
  });

  test("that is rolled back leaves all guides as they are", async () => {
    const { app, requests, guideTo } = await appWithPlaces();
    const guide = await guideTo("Berlin", "Hamburg");

    const rolledBack = app.mutation(async (ctx) => {
      await ctx.runMutation(api.savedPlaces.save, { name: "Berlin", notes: "new notes" });
      throw new Error("second thoughts");
    });
    await expect(rolledBack).rejects.toThrow("second thoughts");

    expect(await guideTo("Berlin", "Hamburg")).toBe(guide);
    expect(requests).toHaveLength(1);
  });

  test("while a guide is being written keeps the one of the old notes out", async () => {
    const { model, requests, save, guideTo, cachedGuideTo } = await appWithPlaces();
    model.whileWriting = async () => {
      model.whileWriting = () => Promise.resolve();
      await save("Berlin", "new notes");
    };
    // Whoever asked before the edit may have what was true before it.
    expect(await guideTo("Berlin")).toBe("Berlin: old notes");
    expect(await cachedGuideTo("Berlin")).toBeNull();
    expect(await guideTo("Berlin")).toBe("Berlin: new notes");
    expect(requests).toHaveLength(2);
  });
});

test("a place that is forgotten takes its guides with it", async () => {
  const { app, guideTo, cachedGuideTo } = await appWithPlaces();
  await guideTo("Berlin", "Hamburg");
  await guideTo("Munich");

  expect(await app.mutation(api.savedPlaces.forget, { name: "Berlin" })).toBe(true);
  expect(await app.mutation(api.savedPlaces.forget, { name: "Berlin" })).toBe(false);
  expect(await cachedGuideTo("Berlin", "Hamburg")).toBeNull();
  expect(await cachedGuideTo("Munich")).not.toBeNull();
  await expect(guideTo("Berlin", "Hamburg")).rejects.toThrow("Berlin");
});
