import type { GenericSchema, SchemaDefinition } from "convex/server";
import componentSchema from "./component/schema.js";

export { DAY, HOUR, MINUTE, SECOND } from "./shared/time.js";

/**
 * The component's modules, as convex-test takes them: none outside Vite, which
 * alone has `glob`, so that an app may import the time constants from here.
 */
export const modules: Record<string, () => Promise<unknown>> = import.meta.env
  ? import.meta.glob(["./component/**/*.ts", "!./component/**/*.test.ts"])
  : {};

/** The component's schema, as convex-test takes it. */
export const schema: SchemaDefinition<GenericSchema, boolean> = componentSchema;

/**
 * Registers the component with a convex-test instance.
 *
 * @param t - What `convexTest()` returned.
 * @param name - The name that the app installs the component under; default "actionCache".
 *
 * @example
 * const t = convexTest(schema, modules);
 * register(t);
 */
export function register(
  t: {
    registerComponent: (
      path: string,
      schema: SchemaDefinition<GenericSchema, boolean>,
      modules: Record<string, () => Promise<unknown>>,
    ) => void;
  },
  name: string = "actionCache",
): void {
  t.registerComponent(name, schema, modules);
}

export default { register, schema, modules };
