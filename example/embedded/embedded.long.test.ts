import { afterAll, beforeAll, expect, test } from "vitest";
import { plural, wrapped } from "./report.js";
import { type Services, startServices } from "./server.js";
import { zipfTraffic } from "./traffic.js";

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());

async function search(name: string): Promise<unknown> {
  const query = new URLSearchParams({ name });
  const response = await fetch(`${services.url}/v1/search?${query.toString()}`);
  return await response.json();
}

test("a search finds the biggest city of a name, whatever its accents and capitals", async () => {
  const london = { name: "London", country_code: "GB" };
  expect(await search("LONDON")).toMatchObject({ results: [london] });
  expect(await search("sao paulo")).toMatchObject({ results: [{ name: "São Paulo" }] });
  expect(await search("no such place")).toEqual({});
});

test("the services hold their answers back for as long as they are told to", async () => {
  const release = services.hold();
  const before = services.requests();
  let answered = false;
  const answer = search("Berlin").finally(() => (answered = true));
  await expect.poll(services.requests).toBe(before + 1);
  expect(answered).toBe(false);
  release();
  expect(await answer).toHaveProperty("results");
});

test("traffic asks for the item at rank r with a frequency of 1/r", () => {
  const ranks = Array.from({ length: 100 }, (_, index) => index + 1);
  const draws = zipfTraffic(ranks, 20_000);
  const frequency = (rank: number) => draws.filter((drawn) => drawn === rank).length;
  expect(frequency(1) / frequency(10)).toBeCloseTo(Math.log(2) / Math.log(1.1), 0);
  expect(new Set(draws)).toEqual(new Set(ranks));
});

test("a report has nouns that agree, and no long lines", () => {
  expect([1, 1234].map((n) => plural(n, "request"))).toEqual(["1 request", "1,234 requests"]);
  expect(wrapped("word ".repeat(50), "  ")).toMatch(/^(.{1,100}\n {2})*.{1,100}$/);
});
