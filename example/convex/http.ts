import { DAY, SECOND } from "@convex-dev/action-cache";
import { httpRouter } from "convex/server";
import { type ActionCtx, httpAction } from "./_generated/server.js";
import { fetchForecastFor, STALE_WHILE_REVALIDATE, weatherOf } from "./weather.js";

/** In place of "never", which `max-age` can't say. */
const YEAR = 365 * DAY;

const http = httpRouter();

/** `GET /weather?name=Berlin`: what `weather.forPlace` answers, for whoever caches answers by their headers. */
http.route({
  path: "/weather",
  method: "GET",
  handler: httpAction(async (ctx: ActionCtx, request) => {
    const name = new URL(request.url).searchParams.get("name");
    if (!name) return Response.json({ error: "Which place? Add ?name=Berlin" }, { status: 400 });
    const forecast = await fetchForecastFor(ctx, name);
    if (forecast === null) {
      return Response.json({ error: `No place is called ${name}` }, { status: 404 });
    }
    const { status, createdAt, expiresAt } = forecast.entry;
    return Response.json(weatherOf(forecast), {
      headers: {
        "X-Cache": status,
        Age: seconds(Date.now() - createdAt),
        // Counted from the creation too: whoever caches this answer takes `Age` off it.
        "Cache-Control":
          `public, max-age=${seconds((expiresAt ?? createdAt + YEAR) - createdAt)}, ` +
          `stale-while-revalidate=${seconds(STALE_WHILE_REVALIDATE)}`,
      },
    });
  }),
});

export default http;

/** A time in ms as headers have it. A clock that was set back makes no negative age. */
function seconds(ms: number): string {
  return String(Math.max(0, Math.floor(ms / SECOND)));
}
