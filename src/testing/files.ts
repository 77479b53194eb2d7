/** Modules where Node loads them: what `import.meta.glob` does where Vite runs. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
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
