import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
import type { inspectorApi } from "../../client/inspector/inspectorApi.js";

type PublicFunction = FunctionReference<"query" | "mutation", "public">;

/** References to the functions that `inspectorApi` makes: `api.inspector`, where the app exports them from inspector.ts. */
export type InspectorFunctions = FilterApi<
  ApiFromModules<{ inspector: ReturnType<typeof inspectorApi> }>,
  PublicFunction
>["inspector"];
