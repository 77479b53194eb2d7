/** Modules where Node loads them: what `import.meta.glob` does where Vite runs. */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import type { Modules } from "./functions.js";

/** The files of a folder that `convex dev` would push: those without a second dot in their name. */
export function modulesIn(folder: URL): Modules {
  const root = fileURLToPath(folder);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    files
      .map((file) => file.replaceAll(path.sep, "/"))
      .filter((file) => /^[^.]+\.[jt]s$/.test(file))
      .map((file) => [`./${file}`, () => import(pathToFileURL(path.join(root, file)).href)]),
  );
}

/** The files of our component. */
export const componentModules = () => modulesIn(new URL("../component", import.meta.url));

/** 0.3.1's component as it is published: Node does not load sources from packages. */
export const LEGACY = new URL(
  "dist/component/",
  pathToFileURL(createRequire(import.meta.url).resolve("action-cache-0.3.1/package.json")),
);

type Schema = SchemaDefinition<GenericSchema, boolean>;

/** The schema of 0.3.1's component. */
export async function legacySchema(): Promise<Schema> {
  const module = (await import(new URL("schema.js", LEGACY).href)) as { default: Schema };
  return module.default;
}
