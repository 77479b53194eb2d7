import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { cities, fold } from "./cities.js";

/** How much later the geocoding answers than it could, as over a network. */
export const NETWORK_MS = 20;

export interface Services {
  url: string;
  /** The environment of an app that is to use these services. */
  settings: Record<string, string>;
  /** The requests answered so far. */
  requests(): number;
  /** Lets it get warmer everywhere by a degree, so that an answer differs from one that was cached before. */
  warmUp(): void;
  /** Holds back every answer, until the function that it returns is called. */
  hold(): () => void;
  /** Answers every request with an error, until the function that it returns is called. */
  fail(): () => void;
  close(): Promise<void>;
}

/**
 * Answers as Open-Meteo's services do, from the cities of GeoNames; the weather it makes up. It also
 * answers as a language model does, one that repeats what it is told.
 */
export async function startServices(): Promise<Services> {
  let requests = 0;
  let warming = 0;
  let failing = false;
  let held = Promise.resolve();
  const answer = async (url: URL, body: string, response: ServerResponse) => {
    requests += 1;
    await held;
    if (failing) return respond(response, 503, { error: true, reason: "overloaded" });
    if (url.pathname === "/v1/search") {
      await setTimeout(NETWORK_MS);
      return respond(response, 200, search(url.searchParams.get("name") ?? ""));
    }
    if (url.pathname === "/v1/forecast") {
      return respond(response, 200, forecast(url.searchParams, warming));
    }
    if (url.pathname === "/v1/chat/completions") return respond(response, 200, repeat(body));
    respond(response, 404, { error: true });
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    void text(request).then((body) => answer(url, body, response));
  });
  // Port 0 takes any free one, and 127.0.0.1 is seen by nobody else.
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    settings: {
      GEOCODING_BASE_URL: url,
      FORECAST_BASE_URL: url,
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: "any: none is asked for",
    },
    requests: () => requests,
    warmUp: () => void (warming += 1),
    hold: () => {
      let release = () => {};
      held = new Promise<void>((resolve) => (release = resolve));
      return release;
    },
    fail: () => {
      failing = true;
      return () => void (failing = false);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The client keeps its connections open, and close() alone would wait for them.
        server.closeAllConnections();
      }),
  };
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/** The further from the equator, the colder. */
function forecast(query: URLSearchParams, warming: number): object {
  const temperature = Math.round(30 - Math.abs(Number(query.get("latitude"))) / 2) + warming;
  const time = new Date().toISOString();
  return {
    current: { time: time.slice(0, 16), temperature_2m: temperature, wind_speed_10m: 10 },
    daily: {
      time: [time.slice(0, 10)],
      temperature_2m_min: [temperature - 5],
      temperature_2m_max: [temperature + 5],
    },
  };
}

function repeat(body: string): object {
  const { messages } = JSON.parse(body) as { messages: { content: string }[] };
  return { choices: [{ message: { content: messages.at(-1)?.content } }] };
}

const folded = cities.map((city) => ({ city, name: fold(city.name) }));

/** The biggest city of a name. Looks at all cities for every request, with no index: slow for a reason. */
function search(name: string): object {
  const wanted = fold(name.trim());
  const [best] = folded
    .flatMap((one) => (one.name === wanted ? [one.city] : []))
    .sort((a, b) => b.population - a.population);
  // Left out when empty, as the service does.
  if (best === undefined) return {};
  const { cityId: id, country: country_code, population, loc } = best;
  const [longitude, latitude] = loc.coordinates;
  return { results: [{ id, name: best.name, latitude, longitude, country_code, population }] };
}
