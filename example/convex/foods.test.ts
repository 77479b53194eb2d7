import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api.js";
import { EMBEDDING_DIMENSIONS } from "./schema.js";
import { initApp, stubService } from "./test.setup.js";

/** A vector of the frequencies of letters: crude, but texts with like words are alike. */
function embeddingOf(text: string): number[] {
  const vector = new Array<number>(EMBEDDING_DIMENSIONS).fill(0);
  for (const letter of text.toLowerCase()) vector[letter.charCodeAt(0) % vector.length]! += 1;
  return vector;
}

function stubEmbeddings(embed = embeddingOf) {
  const inputs: { input: string[]; model: string }[] = [];
  const { requests } = stubService((_url, body) => {
    const request = JSON.parse(body) as { input: string[]; model: string };
    inputs.push(request);
    return {
      object: "list",
      data: request.input.map((text, index) => ({ index, embedding: embed(text) })),
    };
  });
  return { requests, inputs };
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

describe("seed", () => {
  test("done again, neither doubles the foods nor pays for an embedding", async () => {
    const app = initApp();
    const { inputs } = stubEmbeddings();

    const seeded = await app.action(internal.foods.seed, {});
    expect(inputs.map(({ input }) => new Set(input).size)).toEqual([seeded.length]);

    expect(await app.action(internal.foods.seed, {})).toEqual(seeded);
    expect(inputs).toHaveLength(1);
  });
});

describe("search", () => {
  test("finds what is most alike, and embeds a question once", async () => {
    const app = initApp();
    const { inputs } = stubEmbeddings();
    await app.action(internal.foods.seed, {});
    const paid = inputs.length;

    const query = "soft potato dumplings with butter";
    const found = await app.action(api.foods.search, { query, cuisines: [] });
    expect(found[0]?.description).toContain("Gnocchi");
    expect(found[0]?.score).toBeGreaterThan(found[1]!.score);
    expect(await app.action(api.foods.search, { query, cuisines: [] })).toEqual(found);
    expect(inputs).toHaveLength(paid + 1);
  });

  test("keeps to the cuisines that are asked for", async () => {
    const app = initApp();
    stubEmbeddings();
    await app.action(internal.foods.seed, {});

    const found = await app.action(api.foods.search, {
      query: "soft potato dumplings with butter",
      cuisines: ["french", "japanese"],
    });

    expect(new Set(found.map(({ cuisine }) => cuisine))).toEqual(new Set(["french", "japanese"]));
    expect(found).toHaveLength(4);
  });
});

describe("embeddings", () => {
  test("are asked of the configured endpoint, model and key", async () => {
    const app = initApp();
    const { requests, inputs } = stubEmbeddings();
    vi.stubEnv("OPENAI_BASE_URL", "http://models.test/v1");
    vi.stubEnv("EMBEDDING_MODEL", "small-model");

    await app.action(api.foods.search, { query: "soup", cuisines: [] });

    expect(requests.map(String)).toEqual(["http://models.test/v1/embeddings"]);
    expect(inputs).toEqual([{ input: ["soup"], model: "small-model" }]);
  });

  test("of another model are not served", async () => {
    const app = initApp();
    const { inputs } = stubEmbeddings();
    await app.action(api.foods.search, { query: "soup", cuisines: [] });

    vi.stubEnv("EMBEDDING_MODEL", "another-model");
    await app.action(api.foods.search, { query: "soup", cuisines: [] });

    expect(inputs.map(({ model }) => model)).toEqual(["text-embedding-3-small", "another-model"]);
  });

  test("that do not fit the index are refused, with what to do", async () => {
    const app = initApp();
    stubEmbeddings(() => [1, 2, 3]);

    await expect(app.action(api.foods.search, { query: "soup", cuisines: [] })).rejects.toThrow(
      "returned 3 dimensions, but the vector index has 1536",
    );
  });

  test("need a key, and say how to set it", async () => {
    const app = initApp();
    stubEmbeddings();
    vi.stubEnv("OPENAI_API_KEY", undefined);

    await expect(app.action(api.foods.search, { query: "soup", cuisines: [] })).rejects.toThrow(
      "npx convex env set OPENAI_API_KEY",
    );
  });
});
