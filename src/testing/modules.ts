/** The component's modules, for tests that run it as an app of its own. */
export { modules } from "../test.js";
