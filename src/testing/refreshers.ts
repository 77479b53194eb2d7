/** An app with a cache that refreshes in the app's own code. */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { type LogEvent, refresher } from "../client/index.js";
import { createApp } from "./app.js";

type Refresh = FunctionReference<"action", "internal", { token: string; args: unknown }, null>;

const refresh = makeFunctionReference<"action">("refreshers:refresh") as unknown as Refresh;

/** What such a cache is configured with beside its own options. */
export type RefreshOptions = { refresher: Refresh; log: (event: LogEvent) => void };

/** @param create - Creates the cache, with these options among its own. */
export function refreshApp<
  Cache extends (Parameters<typeof refresher>[0] extends () => infer C ? C : never),
>(create: (options: RefreshOptions) => Cache) {
  const app = createApp({
    "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => cache) }),
  });
  const cache = create({ refresher: refresh, log: (event) => void app.events.push(event) });
  return { ...app, cache };
}
