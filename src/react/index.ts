export { type FreshnessTimes, useFreshness } from "./useFreshness.js";
export type { InspectorFunctions } from "./inspector/api.js";
export { ActionCacheInspector } from "./inspector/Inspector.js";
