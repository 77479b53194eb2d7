import { HOUR, MINUTE } from "@convex-dev/action-cache";
import { describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api.js";
import {
  finishBackground,
  forecastAnswer,
  geocodingAnswer,
  initApp,
  stubService,
  standStill,
} from "./test.setup.js";

function stubWeather() {
  return stubService((url) => {
    if (url.pathname === "/v1/forecast") return forecastAnswer(20);
    return url.searchParams.get("name") === "atlantis" ? {} : geocodingAnswer();
  });
}

const caching = ({ headers }: Response) =>
  ["X-Cache", "Age", "Cache-Control"].map((name) => headers.get(name));

standStill();

describe("GET /weather", () => {
  test("answers as forPlace does, with how old the forecast is and how long it is fresh", async () => {
    const app = initApp();
    const { requests } = stubWeather();
    const lifetime = "public, max-age=3600, stale-while-revalidate=10800";
    const get = async () => await app.fetch("/weather?name=Berlin", { method: "GET" });

    expect(caching(await get())).toEqual(["filled", "0", lifetime]);
    vi.advanceTimersByTime(10 * MINUTE);
    const fresh = await get();
    expect(caching(fresh)).toEqual(["hit", "600", lifetime]);
    expect(await fresh.json()).toEqual(await app.action(api.weather.forPlace, { name: "Berlin" }));

    vi.advanceTimersByTime(HOUR);
    const stale = await get();
    expect(caching(stale)).toEqual(["stale", "4200", lifetime]);
    expect(await stale.json()).toMatchObject({ stale: true });
    expect(requests).toHaveLength(2);
    await finishBackground(app);
    expect(caching(await get())).toEqual(["hit", "0", lifetime]);
  });

  test("of a place that nobody knows is not found", async () => {
    const app = initApp();
    stubWeather();
    const response = await app.fetch("/weather?name=Atlantis", { method: "GET" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "No place is called Atlantis" });
  });

  test("without a place is refused, with what to add", async () => {
    const response = await initApp().fetch("/weather", { method: "GET" });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: "Which place? Add ?name=Berlin" });
  });
});
