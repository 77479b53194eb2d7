import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A component's files as convex-test takes them, by their paths. */
export type Modules = Record<string, () => Promise<Record<string, unknown>>>;

/** The folder of our component, in its source. */
export const OURS = fileURLToPath(new URL("../src/component", import.meta.url));

/** The folder of 0.3.1's component, as it is published: Node does not load sources from packages. */
export const PEER = path.join(
  path.dirname(createRequire(import.meta.url).resolve("action-cache-0.3.1/package.json")),
  "dist/component",
);

/**
 * The files of a folder that `convex dev` would push: those without a second dot in their name.
 * What `import.meta.glob` does where Vite runs; here plain Node may.
 */
export function modulesIn(folder: string): Modules {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((file) => file.replaceAll(path.sep, "/"))
      .filter((file) => /^[^.]+\.[jt]s$/.test(file))
      .map((file) => [
        `./${file}`,
        () =>
          import(pathToFileURL(path.join(folder, file)).href) as Promise<Record<string, unknown>>,
      ]),
  );
}
