export { type FreshnessTimes, useFreshness } from "./useFreshness.js";
