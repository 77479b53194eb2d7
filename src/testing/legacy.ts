/** Version 0.3.1 itself, at work on the tables of ours: as a deployment before its upgrade. */
import { componentsGeneric } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { modules, schema } from "../test.js";

const legacyModules = import.meta.glob(
  "../../node_modules/action-cache-0.3.1/src/component/lib.ts",
);

/** The functions of 0.3.1's `lib`, beside ours in one component. */
export const legacyLib = (componentsGeneric().actionCache as unknown as { legacy: ComponentApi })
  .legacy.lib;

/** Installs our component with 0.3.1's `lib` beside it, on one database. */
export function registerBesideLegacy(t: {
  registerComponent: (
    path: string,
    componentSchema: typeof schema,
    componentModules: typeof modules,
  ) => void;
}): void {
  const [load] = Object.values(legacyModules);
  if (load === undefined) throw new Error("0.3.1 is not installed");
  t.registerComponent("actionCache", schema, { ...modules, "./component/legacy/lib.ts": load });
}
