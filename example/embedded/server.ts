import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { cities, type City, fold } from "./cities.js";

export interface ServiceStandIn {
  url: string;
  /** The requests answered so far. */
  requests(): number;
  /** Lets the city grow, so that an answer from now on differs from one that was cached before. */
  recount(city: City): void;
  /** Lets it get warmer everywhere by a degree, to the same end. */
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
export async function startServices(): Promise<ServiceStandIn> {
  let requests = 0;
  let warming = 0;
  let failing = false;
  let held = Promise.resolve();
  const answer = async (url: URL, body: string, response: ServerResponse) => {
    requests += 1;
    await held;
    if (failing) return respond(response, 503, { error: true, reason: "overloaded" });
    if (url.pathname === "/v1/search") return respond(response, 200, findCities(url.searchParams));
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    recount: (city) => {
      city.population += 1;
    },
    warmUp: () => {
      warming += 1;
    },
    hold: () => {
      let release = () => {};
      held = new Promise<void>((resolve) => (release = resolve));
      return release;
    },
    fail: () => {
      failing = true;
      return () => {
        failing = false;
      };
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

function findCities(query: URLSearchParams): object {
  const startedAt = performance.now();
  const results = search(query.get("name") ?? "", Number(query.get("count") ?? 10)).map(toResult);
  return {
    // Left out when empty, as the service does.
    ...(results.length > 0 && { results }),
    generationtime_ms: performance.now() - startedAt,
  };
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

/**
 * Goes through all cities for every request, with no index. It is slow for a reason, as the services
 * are that one caches, and takes no pretended pause.
 */
function search(name: string, count: number): City[] {
  const wanted = fold(name.trim());
  // Open-Meteo finds nothing for less than two letters either.
  if (wanted.length < 2) return [];
  const isExact = (city: City) => Number(fold(city.name) === wanted);
  return cities
    .filter((city) => fold(city.name).startsWith(wanted))
    .sort((a, b) => isExact(b) - isExact(a) || b.population - a.population)
    .slice(0, count);
}

function toResult(city: City) {
  const [longitude, latitude] = city.loc.coordinates;
  return {
    id: city.cityId,
    name: city.name,
    latitude,
    longitude,
    feature_code: city.featureCode,
    country_code: city.country,
    population: city.population,
  };
}
