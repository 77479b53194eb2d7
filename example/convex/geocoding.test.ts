import { DAY } from "@convex-dev/action-cache";
import { describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api.js";
import { geocodingAnswer, initApp, stubService, standStill } from "./test.setup.js";

const berlin = {
  id: 2950159,
  name: "Berlin",
  countryCode: "DE",
  latitude: 52.52437,
  longitude: 13.41053,
  population: 3426354,
};

standStill();

describe("locate", () => {
  test("asks the service once for however many spellings of a name", async () => {
    const app = initApp();
    const service = stubService(() => geocodingAnswer());

    for (const name of ["Berlin", " berlin", "BERLIN "]) {
      expect(await app.action(api.geocoding.locate, { name })).toEqual(berlin);
    }

    expect(service.requests).toHaveLength(1);
  });

  test("asks in the format of Open-Meteo, at the configured address", async () => {
    const app = initApp();
    const service = stubService(() => geocodingAnswer());
    vi.stubEnv("GEOCODING_BASE_URL", "http://geocoder.test:8080");

    await app.action(api.geocoding.locate, { name: "São Paulo" });

    expect(service.requests.map(String)).toEqual([
      "http://geocoder.test:8080/v1/search?name=s%C3%A3o+paulo&count=1&language=en&format=json",
    ]);
  });

  test("asks the public service where no address is configured", async () => {
    const app = initApp();
    const service = stubService(() => geocodingAnswer());

    await app.action(api.geocoding.locate, { name: "Berlin" });

    expect(service.requests[0]?.origin).toBe("https://geocoding-api.open-meteo.com");
  });

  test("remembers that a place is unknown", async () => {
    const app = initApp();
    const service = stubService(() => ({ generationtime_ms: 0.5 }));

    expect(await app.action(api.geocoding.locate, { name: "Atlantis" })).toBeNull();
    expect(await app.action(api.geocoding.locate, { name: "Atlantis" })).toBeNull();

    expect(service.requests).toHaveLength(1);
  });

  test("asks again once the time to live is over", async () => {
    const app = initApp();
    const service = stubService(() => geocodingAnswer());

    await app.action(api.geocoding.locate, { name: "Berlin" });
    vi.advanceTimersByTime(30 * DAY - 1);
    await app.action(api.geocoding.locate, { name: "Berlin" });
    expect(service.requests).toHaveLength(1);

    vi.advanceTimersByTime(1);
    await app.action(api.geocoding.locate, { name: "Berlin" });
    expect(service.requests).toHaveLength(2);
  });

  test("is known for another thirty days while the service is down", async () => {
    const app = initApp();
    const locate = () => app.action(api.geocoding.locate, { name: "Berlin" });
    stubService(() => geocodingAnswer());
    await locate();
    stubService(() => new Response("overloaded", { status: 503 }));

    vi.advanceTimersByTime(60 * DAY - 1);
    expect(await locate()).toEqual(berlin);
    vi.advanceTimersByTime(1);
    await expect(locate()).rejects.toThrow("answered 503: overloaded");
  });

  test("stores nothing when the service fails", async () => {
    const app = initApp();
    stubService(() => new Response("overloaded", { status: 503 }));
    await expect(app.action(api.geocoding.locate, { name: "Berlin" })).rejects.toThrow(
      "answered 503: overloaded",
    );

    stubService(() => geocodingAnswer());
    expect(await app.action(api.geocoding.locate, { name: "Berlin" })).toEqual(berlin);
  });

  test("stores nothing when the answer is malformed", async () => {
    const app = initApp();
    stubService(() => geocodingAnswer({ latitude: "52 degrees" }));
    await expect(app.action(api.geocoding.locate, { name: "Berlin" })).rejects.toThrow("latitude");

    stubService(() => geocodingAnswer());
    expect(await app.action(api.geocoding.locate, { name: "Berlin" })).toEqual(berlin);
  });
});

describe("cached", () => {
  test("shows the entry without asking the service", async () => {
    const app = initApp();
    const service = stubService(() => geocodingAnswer());
    expect(await app.query(api.geocoding.cached, { name: "Berlin" })).toBeNull();
    expect(service.requests).toHaveLength(0);

    const before = Date.now();
    await app.action(api.geocoding.locate, { name: "Berlin" });

    expect(await app.query(api.geocoding.cached, { name: "berlin" })).toEqual({
      place: berlin,
      createdAt: before,
      expiresAt: before + 30 * DAY,
    });
  });
});
