import { DAY, HOUR } from "@convex-dev/action-cache";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api.js";
import { geocodingAnswer, initApp, stubService } from "./test.setup.js";

function forecastAnswer(temperature: number) {
  return {
    latitude: 52.52,
    longitude: 13.42,
    timezone: "Europe/Berlin",
    current: { time: "2025-06-01T12:00", temperature_2m: temperature, wind_speed_10m: 9.4 },
    daily: {
      time: ["2025-06-01", "2025-06-02"],
      temperature_2m_min: [11.2, 12.3],
      temperature_2m_max: [21.5, 24.1],
    },
  };
}

/** Both services; the temperature rises with every forecast, so that each one can be told. */
function stubWeather() {
  let forecasts = 0;
  const service = stubService((url, _body) => {
    if (url.pathname === "/v1/forecast") return forecastAnswer(20 + forecasts++);
    const name = url.searchParams.get("name");
    if (name === "nowhere") return new Response("no", { status: 500 });
    if (name === "atlantis") return {};
    return geocodingAnswer(name === "potsdam" ? { name: "Potsdam", latitude: 52.39886 } : {});
  });
  const count = (path: string) => service.requests.filter((url) => url.pathname === path).length;
  return {
    requests: service.requests,
    counts: () => ({ geocoding: count("/v1/search"), forecast: count("/v1/forecast") }),
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

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

  test("keeps the forecast for two hours and the place for thirty days", async () => {
    const app = initApp();
    const { counts } = stubWeather();
    const temperature = async () =>
      (await app.action(api.weather.forPlace, { name: "Berlin" }))?.forecast.temperature;
    expect(await temperature()).toBe(20);

    vi.advanceTimersByTime(2 * HOUR - 1);
    expect(await temperature()).toBe(20);
    expect(counts()).toEqual({ geocoding: 1, forecast: 1 });

    vi.advanceTimersByTime(1);
    expect(await temperature()).toBe(21);
    expect(counts()).toEqual({ geocoding: 1, forecast: 2 });

    vi.advanceTimersByTime(30 * DAY);
    expect(await temperature()).toBe(22);
    expect(counts()).toEqual({ geocoding: 2, forecast: 3 });
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

describe("warm", () => {
  test("fetches forecasts anew, though they are still fresh", async () => {
    const app = initApp();
    const { counts } = stubWeather();

    await app.action(internal.weather.warm, { names: ["Berlin", "Potsdam"] });
    await app.action(internal.weather.warm, { names: ["Berlin", "Potsdam"] });
    expect(counts()).toEqual({ geocoding: 2, forecast: 4 });

    await app.action(api.weather.forPlace, { name: "Berlin" });
    expect(counts()).toEqual({ geocoding: 2, forecast: 4 });
  });

  test("run every hour, leaves no moment without a forecast, even when one run is lost", async () => {
    const app = initApp();
    const { counts } = stubWeather();
    await app.action(internal.weather.warm, { names: ["Berlin"] });

    vi.advanceTimersByTime(2 * HOUR - 1);
    await app.action(api.weather.forPlace, { name: "Berlin" });

    expect(counts().forecast).toBe(1);
  });

  test("warms the other places when one fails, and then says which", async () => {
    const app = initApp();
    const { counts } = stubWeather();

    await expect(
      app.action(internal.weather.warm, { names: ["Nowhere", "Berlin"] }),
    ).rejects.toThrow("1 of 2 places failed.\nNowhere: ");

    await app.action(api.weather.forPlace, { name: "Berlin" });
    expect(counts()).toEqual({ geocoding: 2, forecast: 1 });
  });
});
