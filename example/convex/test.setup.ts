import { register } from "@convex-dev/action-cache/test";
import { convexTest } from "convex-test";
import { afterEach, beforeEach, vi } from "vitest";
import schema from "./schema.js";

/** Gives each test of a file a date that stands still and quiet logs, and undoes what it stubs. */
export function standStill(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });
}

/** This app with its cache, as a deployment would have it after its first push. */
export function initApp() {
  const app = convexTest(schema, import.meta.glob(["./**/*.*s", "!./**/*.test.ts"]));
  register(app);
  return app;
}

/** Lets the functions run that are scheduled, with no time passing. Needs `setTimeout` to be real. */
export async function finishBackground(app: ReturnType<typeof initApp>): Promise<void> {
  await app.finishAllScheduledFunctions(() => {});
}

/** Takes the place of every HTTP service, and keeps the requests that reach it, in order. */
export function stubService(answer: (url: URL, body: string) => unknown): {
  requests: URL[];
} {
  const requests: URL[] = [];
  vi.stubGlobal("fetch", async (url: URL, init?: { body?: string }) => {
    requests.push(url);
    const result = await answer(url, init?.body ?? "");
    return result instanceof Response ? result : Response.json(result);
  });
  return { requests };
}

/** Open-Meteo's answer for one place, with whatever `fields` a test is about. */
export function geocodingAnswer(fields: Record<string, string | number> = {}) {
  const place = {
    id: 2950159,
    name: "Berlin",
    latitude: 52.52437,
    longitude: 13.41053,
    country_code: "DE",
    population: 3426354,
    ...fields,
  };
  return { results: [place], generationtime_ms: 0.5 };
}

/** Open-Meteo's forecast of a temperature. */
export function forecastAnswer(temperature: number) {
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
