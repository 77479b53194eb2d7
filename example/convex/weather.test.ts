import { DAY, freshness, HOUR, MINUTE, SECOND } from "@convex-dev/action-cache";
import { describe, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api.js";
import {
  finishBackground,
  forecastAnswer,
  geocodingAnswer,
  initApp,
  stubService,
  standStill,
} from "./test.setup.js";

/** Both services; the temperature rises with every forecast, so that each one can be told. */
function stubWeather() {
  let forecasts = 0;
  const outage = { lasts: false };
  const service = stubService((url, _body) => {
    if (outage.lasts) return new Response("overloaded", { status: 503 });
    if (url.pathname === "/v1/forecast") return forecastAnswer(20 + forecasts++);
    const name = url.searchParams.get("name");
    if (name === "nowhere") return new Response("no", { status: 500 });
    if (name === "atlantis") return {};
    return geocodingAnswer(name === "potsdam" ? { name: "Potsdam", latitude: 52.39886 } : {});
  });
  const count = (path: string) => service.requests.filter((url) => url.pathname === path).length;
  return {
    requests: service.requests,
    outage,
    counts: () => ({ geocoding: count("/v1/search"), forecast: count("/v1/forecast") }),
  };
}

standStill();

describe("forPlace", () => {
  test("feeds the place of one cache to the other", async () => {
    const app = initApp();
    const { requests, counts } = stubWeather();

    const weather = await app.action(api.weather.forPlace, { name: "Berlin" });

    expect(weather?.place.name).toBe("Berlin");
    expect(weather?.forecast).toEqual({
      measuredAt: "2025-06-01T12:00",
      temperature: 20,
      windSpeed: 9.4,
      days: [
        { date: "2025-06-01", low: 11.2, high: 21.5 },
        { date: "2025-06-02", low: 12.3, high: 24.1 },
      ],
    });
    expect(requests[1]?.searchParams.get("latitude")).toBe("52.52");
    expect(requests[1]?.searchParams.get("longitude")).toBe("13.41");
    expect(await app.action(api.weather.forPlace, { name: "Berlin" })).toEqual(weather);
    expect(counts()).toEqual({ geocoding: 1, forecast: 1 });
  });

  test("serves a forecast for an hour, stale for three more, and a place for thirty days", async () => {
    const app = initApp();
    const { counts } = stubWeather();
    const read = async () => {
      const weather = await app.action(api.weather.forPlace, { name: "Berlin" });
      await finishBackground(app);
      return [weather?.forecast.temperature, weather?.stale];
    };
    expect(await read()).toEqual([20, false]);

    vi.advanceTimersByTime(HOUR - 1);
    expect(await read()).toEqual([20, false]);
    expect(counts()).toEqual({ geocoding: 1, forecast: 1 });

    vi.advanceTimersByTime(1);
    expect(await read()).toEqual([20, true]);
    expect(await read()).toEqual([21, false]);
    expect(counts()).toEqual({ geocoding: 1, forecast: 2 });

    vi.advanceTimersByTime(4 * HOUR);
    expect(await read()).toEqual([22, false]);

    vi.advanceTimersByTime(30 * DAY);
    expect(await read()).toEqual([23, false]);
    expect(counts()).toEqual({ geocoding: 2, forecast: 4 });
  });

  test("survives an outage on what is cached, and asks no more often than every five seconds", async () => {
    const app = initApp();
    const { requests, outage } = stubWeather();
    const read = () => app.action(api.weather.forPlace, { name: "Berlin" });
    const before = await read();
    outage.lasts = true;

    vi.advanceTimersByTime(HOUR);
    expect(await read()).toEqual({ ...before, stale: true });
    await finishBackground(app);
    expect(requests).toHaveLength(3);

    vi.advanceTimersByTime(5 * SECOND - 1);
    expect(await read()).toEqual({ ...before, stale: true });
    await finishBackground(app);
    expect(requests).toHaveLength(3);

    vi.advanceTimersByTime(12 * HOUR - 5 * SECOND);
    expect(await read()).toEqual({ ...before, stale: true });
    expect(requests).toHaveLength(4);

    vi.advanceTimersByTime(1);
    await expect(read()).rejects.toThrow("answered 503");
    expect(requests).toHaveLength(4);

    outage.lasts = false;
    vi.advanceTimersByTime(5 * SECOND);
    expect(await read()).toMatchObject({ forecast: { temperature: 21 }, stale: false });
  });

  test("shares the forecast among the names of one place", async () => {
    const app = initApp();
    const { counts } = stubWeather();

    await app.action(api.weather.forPlace, { name: "Berlin" });
    await app.action(api.weather.forPlace, { name: "Berlin, Germany" });
    expect(counts()).toEqual({ geocoding: 2, forecast: 1 });

    await app.action(api.weather.forPlace, { name: "Potsdam" });
    expect(counts()).toEqual({ geocoding: 3, forecast: 2 });
  });

  test("asks for no forecast of a place that is unknown", async () => {
    const app = initApp();
    const { counts } = stubWeather();

    expect(await app.action(api.weather.forPlace, { name: "Atlantis" })).toBeNull();
    expect(counts()).toEqual({ geocoding: 1, forecast: 0 });
  });
});

describe("forPlaces", () => {
  const names = ["Berlin", "Atlantis", "Potsdam"];

  test("serves a list stale at once, and refreshes it behind", async () => {
    const app = initApp();
    const { counts } = stubWeather();
    const read = async () => {
      const list = await app.action(api.weather.forPlaces, { names });
      return list.map((weather) => weather && [weather.forecast.temperature, weather.stale]);
    };
    expect(await read()).toEqual([[20, false], null, [21, false]]);

    vi.advanceTimersByTime(HOUR);
    expect(await read()).toEqual([[20, true], null, [21, true]]);
    await finishBackground(app);
    expect(counts()).toEqual({ geocoding: 3, forecast: 4 });

    expect(await read()).toEqual([[22, false], null, [23, false]]);
  });

  test("shows the others when there is nothing to be had for one", async () => {
    const app = initApp();
    stubWeather();

    const list = await app.action(api.weather.forPlaces, { names: ["Nowhere", "Berlin"] });

    expect(list.map((weather) => weather?.place.name)).toEqual([undefined, "Berlin"]);
  });
});

describe("cached", () => {
  test("shows the entry and its times, which tell a client how fresh it is", async () => {
    const app = initApp();
    const { requests } = stubWeather();
    const cached = () => app.query(api.weather.cached, { name: "Berlin" });
    expect(await cached()).toBeNull();
    expect(requests).toHaveLength(0);

    const createdAt = Date.now();
    await app.action(api.weather.forPlace, { name: "Berlin" });

    const entry = await cached();
    expect(entry).toMatchObject({
      forecast: { temperature: 20 },
      createdAt,
      expiresAt: createdAt + HOUR,
      staleUntil: createdAt + 4 * HOUR,
      fillingUntil: null,
      readAt: null,
    });
    const after = (ms: number) => freshness(entry!, createdAt + ms);
    expect([after(HOUR - 1), after(HOUR), after(4 * HOUR)]).toEqual(["fresh", "stale", "expired"]);
  });

  test("shows that a refresh is under way, and then its value", async () => {
    const app = initApp();
    stubWeather();
    const cached = () => app.query(api.weather.cached, { name: "Berlin" });
    await app.action(api.weather.forPlace, { name: "Berlin" });

    await app.mutation(internal.weather.warm, {});
    expect(await cached()).toMatchObject({
      forecast: { temperature: 20 },
      fillingUntil: expect.any(Number) as number,
    });
    await finishBackground(app);
    expect(await cached()).toMatchObject({ forecast: { temperature: 21 }, fillingUntil: null });
  });
});

describe("warm", () => {
  test("refreshes the places that were asked for in the last day, though they are fresh", async () => {
    const app = initApp();
    const { counts } = stubWeather();
    await app.action(api.weather.forPlaces, { names: ["Berlin", "Potsdam"] });
    vi.advanceTimersByTime(DAY - 1);
    await app.action(api.weather.forPlace, { name: "Berlin" });
    const asked = counts().forecast;

    vi.advanceTimersByTime(1);
    await app.mutation(internal.weather.warm, {});
    await finishBackground(app);
    expect(counts().forecast).toBe(asked + 1);
    expect(await app.run((ctx) => ctx.db.query("recentPlaces").collect())).toHaveLength(1);

    await app.action(api.weather.forPlace, { name: "Berlin" });
    expect(counts().forecast).toBe(asked + 1);
  });

  test("run every half an hour, leaves no reader a stale forecast, even when one run is lost", async () => {
    const app = initApp();
    stubWeather();
    await app.action(api.weather.forPlace, { name: "Berlin" });
    await app.mutation(internal.weather.warm, {});
    await finishBackground(app);

    vi.advanceTimersByTime(HOUR - 1);

    expect(await app.action(api.weather.forPlace, { name: "Berlin" })).toMatchObject({
      stale: false,
    });
  });

  test("leaves the old forecast where the service fails", async () => {
    const app = initApp();
    const { outage } = stubWeather();
    const before = await app.action(api.weather.forPlace, { name: "Berlin" });
    outage.lasts = true;

    await app.mutation(internal.weather.warm, {});
    await finishBackground(app);

    expect(await app.action(api.weather.forPlace, { name: "Berlin" })).toEqual(before);
  });

  test("writes down a place once in ten minutes, however often it is asked for", async () => {
    const app = initApp();
    stubWeather();
    const requestedAt = async () => {
      await app.action(api.weather.forPlace, { name: "Berlin" });
      const rows = await app.run((ctx) => ctx.db.query("recentPlaces").collect());
      return rows.map((row) => row.requestedAt);
    };
    const first = await requestedAt();
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await requestedAt()).toEqual(first);
    vi.advanceTimersByTime(1);
    expect(await requestedAt()).toEqual([Date.now()]);
  });
});
