import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { biggestCities } from "./cities.js";
import { type ServiceStandIn, startServices } from "./server.js";

interface Answer {
  results?: { id: number; name: string; country_code: string; population: number }[];
}

let server: ServiceStandIn;
beforeAll(async () => {
  server = await startServices();
});
afterAll(() => server.close());

async function search(name: string, count = 1): Promise<Answer["results"]> {
  const query = new URLSearchParams({ name, count: String(count) });
  const response = await fetch(`${server.url}/v1/search?${query.toString()}`);
  return ((await response.json()) as Answer).results;
}

describe("the services", () => {
  test("find the biggest city of a name, whatever its accents and capitals", async () => {
    expect(await search("london")).toMatchObject([{ name: "London", country_code: "GB" }]);
    expect(await search("SAO PAULO")).toMatchObject([{ name: "São Paulo", country_code: "BR" }]);
  });

  test("prefer the whole name to the beginning of a bigger city's", async () => {
    const [york, next] = (await search("york", 100))!;
    expect(york).toMatchObject({ name: "York", country_code: "GB" });
    expect(next!.population).toBeLessThan(york!.population);
    expect((await search("new yor", 2))![0]).toMatchObject({ name: "New York City" });
  });

  test("leave out the results where there are none", async () => {
    expect(await search("no such place")).toBeUndefined();
    expect(await search("x")).toBeUndefined();
  });

  test("count their requests", async () => {
    const before = server.requests();
    await search("Berlin");
    await search("Berlin");
    expect(server.requests()).toBe(before + 2);
  });

  test("answer with a forecast that warms up", async () => {
    const temperature = async () => {
      const response = await fetch(`${server.url}/v1/forecast?latitude=-40&longitude=0`);
      return ((await response.json()) as { current: { temperature_2m: number } }).current
        .temperature_2m;
    };
    expect(await temperature()).toBe(10);
    server.warmUp();
    expect(await temperature()).toBe(11);
  });

  test("repeat what a language model is told", async () => {
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ messages: [{ content: "Be brief." }, { content: "Berlin: big" }] }),
    });
    expect(await response.json()).toEqual({ choices: [{ message: { content: "Berlin: big" } }] });
  });

  test("hold their answers back, and fail, for as long as they are told to", async () => {
    const status = async () => (await fetch(`${server.url}/v1/forecast?latitude=0`)).status;
    const recover = server.fail();
    expect(await status()).toBe(503);
    recover();

    const release = server.hold();
    const before = server.requests();
    let answered = false;
    const answer = status().finally(() => (answered = true));
    await expect.poll(server.requests).toBe(before + 1);
    expect(answered).toBe(false);
    release();
    expect(await answer).toBe(200);
  });

  test("find every one of the biggest cities by its name", async () => {
    for (const city of biggestCities(20)) {
      expect(await search(city.name)).toMatchObject([{ id: city.cityId }]);
    }
  });
});
