import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cities, type City, fold } from "./cities.js";

export interface GeocodingServer {
  url: string;
  /** The requests answered so far. */
  requests(): number;
  /** Lets the city grow, so that an answer from now on differs from one that was cached before. */
  recount(city: City): void;
  close(): Promise<void>;
}

/** Answers as Open-Meteo's geocoding service does, from the cities of GeoNames. */
export async function startGeocodingServer(): Promise<GeocodingServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== "/v1/search") return respond(response, 404, { error: true });
    const name = url.searchParams.get("name") ?? "";
    const count = Number(url.searchParams.get("count") ?? 10);
    const startedAt = performance.now();
    const results = search(name, count).map(toResult);
    respond(response, 200, {
      // Left out when empty, as the service does.
      ...(results.length > 0 && { results }),
      generationtime_ms: performance.now() - startedAt,
    });
  });
  // Port 0 takes any free one, and 127.0.0.1 is seen by nobody else.
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    recount: (city) => {
      city.population += 1;
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
