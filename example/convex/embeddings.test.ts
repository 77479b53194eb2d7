import { DAY } from "@convex-dev/action-cache";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import type { internal } from "./_generated/api.js";
import { fetchEmbedding } from "./embeddings.js";
import { EMBEDDING_DIMENSIONS } from "./schema.js";
import { finishBackground, initApp, stubService, standStill } from "./test.setup.js";

const vectorOf = (component: number) => new Array<number>(EMBEDDING_DIMENSIONS).fill(component);

/** An app, and a model whose answer is a vector of one number, which counts its requests. */
function appWithModel(componentOf: (request: number) => number) {
  const app = initApp();
  const inputs: string[][] = [];
  const { requests } = stubService((_url, body) => {
    const { input } = JSON.parse(body) as { input: string[] };
    inputs.push(input);
    const embedding = vectorOf(componentOf(requests.length));
    return { data: input.map((_, index) => ({ index, embedding })) };
  });
  const embed = async () => (await app.action((ctx) => fetchEmbedding(ctx, "soup")))[0];
  return { app, requests, inputs, embed };
}

standStill();
beforeEach(() => {
  vi.stubEnv("OPENAI_API_KEY", "test-key");
});

describe("an embedding", () => {
  test("past its time to live is served at once, and replaced behind", async () => {
    const { app, requests, embed } = appWithModel((request) => request);
    expect(await embed()).toBe(1);
    vi.advanceTimersByTime(90 * DAY - 1);
    await embed();
    expect(requests).toHaveLength(1);

    vi.advanceTimersByTime(1);
    expect(await embed()).toBe(1);
    await finishBackground(app);
    expect(requests).toHaveLength(2);
    expect(await embed()).toBe(2);
  });

  test("of zeros is not stored, neither for who asked nor by a refresh", async () => {
    const { app, requests, embed } = appWithModel((request) => (request === 2 ? 1 : 0));
    expect(await embed()).toBe(0);
    expect(await embed()).toBe(1);

    vi.advanceTimersByTime(90 * DAY);
    expect(await embed()).toBe(1);
    await finishBackground(app);
    expect(requests).toHaveLength(3);
    expect(await embed()).toBe(1);
  });
});

test("200 texts, of which 150 are stored, are one request with 50", async () => {
  const { app, inputs } = appWithModel(() => 1);
  const texts = Array.from({ length: 200 }, (_, index) => `dish ${index}`);
  const embedAll = (some: string[]) =>
    app.action(async (ctx) => {
      await Promise.all(some.map((text) => fetchEmbedding(ctx, text)));
      return null;
    });
  await embedAll(texts.slice(0, 150));
  await embedAll(texts);
  expect(inputs).toEqual([texts.slice(0, 150), texts.slice(150)]);
});

test("the module that holds a cache and its refresher is typed", () => {
  type EmbedAll = typeof internal.embeddings.embedAll;
  type Items = { text: string; model: string }[];
  expectTypeOf<FunctionArgs<EmbedAll>>().toEqualTypeOf<{ items: Items }>();
  expectTypeOf<FunctionReturnType<EmbedAll>>().toEqualTypeOf<number[][]>();
  type Refresh = typeof internal.embeddings.refresh;
  expectTypeOf<FunctionReturnType<Refresh>>().toEqualTypeOf<null>();
});
