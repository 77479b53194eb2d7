import { readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";
import { convexTest, type TestConvex } from "convex-test";
import componentSchema from "../../src/component/schema.js";
import appSchema from "../convex/schema.js";
import { Meter, type Modules } from "./meter.js";

export interface Backend {
  app: TestConvex<typeof appSchema>;
  meter: Meter;
  /** Waits for what runs in the background, so that nothing is cut off by the end of the program. */
  close(): Promise<void>;
}

/** The app of example/convex with its component, in this process instead of a deployment. */
export function startBackend(): Backend {
  const meter = new Meter();
  const app = convexTest({
    schema: appSchema,
    modules: meter.counted(modulesIn("../convex")),
    transactionLimits: true,
  });
  // What register() of "@convex-dev/action-cache/test" does in a test. It collects the component's
  // files with import.meta.glob, which Vite provides and Node does not.
  app.registerComponent(
    "actionCache",
    componentSchema,
    meter.counted(modulesIn("../../src/component")),
  );
  return {
    app,
    meter,
    close: () => app.finishAllScheduledFunctions(() => {}),
  };
}

/** The files that `convex dev` would push, which are those without a second dot in their name. */
function modulesIn(folder: string): Modules {
  const root = fileURLToPath(new URL(folder, import.meta.url));
  return Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .map((file) => file.replaceAll(path.sep, "/"))
      .filter((file) => /^[^.]+\.[jt]s$/.test(file))
      .map((file) => [
        `./${file}`,
        () => import(pathToFileURL(path.join(root, file)).href) as Promise<Record<string, unknown>>,
      ]),
  );
}
