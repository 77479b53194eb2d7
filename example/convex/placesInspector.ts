// For the example's page alone, where whoever opens it may see and change everything. inspector.ts is
// what to copy.
import { inspectorApi } from "@convex-dev/action-cache";
import { components } from "./_generated/api.js";
import { inspectable } from "./places.js";

export const {
  names,
  figures,
  entries,
  entry,
  fills,
  invalidations,
  failures,
  expire,
  remove,
  refresh,
  invalidateTag,
  clear,
} = inspectorApi(components.actionCache, { allow: () => true, caches: [inspectable] });
