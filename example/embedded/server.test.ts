// @vitest-environment node
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { biggestCities } from "./cities.js";
import { type GeocodingServer, startGeocodingServer } from "./server.js";

interface Answer {
  results?: { id: number; name: string; country_code: string; population: number }[];
}

let server: GeocodingServer;
beforeAll(async () => {
  server = await startGeocodingServer();
});
afterAll(() => server.close());

async function search(name: string, count = 1): Promise<Answer["results"]> {
  const query = new URLSearchParams({ name, count: String(count) });
  const response = await fetch(`${server.url}/v1/search?${query.toString()}`);
  return ((await response.json()) as Answer).results;
}

describe("the geocoding server", () => {
  test("finds the biggest city of a name, whatever its accents and capitals", async () => {
    expect(await search("london")).toMatchObject([{ name: "London", country_code: "GB" }]);
    expect(await search("SAO PAULO")).toMatchObject([{ name: "São Paulo", country_code: "BR" }]);
  });

  test("prefers the whole name to the beginning of a bigger city's", async () => {
    const [york, next] = (await search("york", 100))!;
    expect(york).toMatchObject({ name: "York", country_code: "GB" });
    expect(next!.population).toBeLessThan(york!.population);
    expect((await search("new yor", 2))![0]).toMatchObject({ name: "New York City" });
  });

  test("leaves out the results where there are none", async () => {
    expect(await search("no such place")).toBeUndefined();
    expect(await search("x")).toBeUndefined();
  });

  test("counts its requests", async () => {
    const before = server.requests();
    await search("Berlin");
    await search("Berlin");
    expect(server.requests()).toBe(before + 2);
  });

  test("finds every one of the biggest cities by its name", async () => {
    for (const city of biggestCities(20)) {
      expect(await search(city.name)).toMatchObject([{ id: city.cityId }]);
    }
  });
});
