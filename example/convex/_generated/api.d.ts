/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as clearing from "../clearing.js";
import type * as crons from "../crons.js";
import type * as embeddings from "../embeddings.js";
import type * as fetchJson from "../fetchJson.js";
import type * as foods from "../foods.js";
import type * as functions from "../functions.js";
import type * as geocoding from "../geocoding.js";
import type * as guides from "../guides.js";
import type * as http from "../http.js";
import type * as inspector from "../inspector.js";
import type * as places from "../places.js";
import type * as placesInspector from "../placesInspector.js";
import type * as recentPlaces from "../recentPlaces.js";
import type * as savedPlaces from "../savedPlaces.js";
import type * as settings from "../settings.js";
import type * as upstream from "../upstream.js";
import type * as weather from "../weather.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  clearing: typeof clearing;
  crons: typeof crons;
  embeddings: typeof embeddings;
  fetchJson: typeof fetchJson;
  foods: typeof foods;
  functions: typeof functions;
  geocoding: typeof geocoding;
  guides: typeof guides;
  http: typeof http;
  inspector: typeof inspector;
  places: typeof places;
  placesInspector: typeof placesInspector;
  recentPlaces: typeof recentPlaces;
  savedPlaces: typeof savedPlaces;
  settings: typeof settings;
  upstream: typeof upstream;
  weather: typeof weather;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  actionCache: import("@convex-dev/action-cache/_generated/component.js").ComponentApi<"actionCache">;
};
