/** The two versions that are compared. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { componentsGeneric } from "convex/server";
import { ActionCache as LegacyCache } from "action-cache-0.3.1";
import { ActionCache } from "../src/client/index.js";
import type { ComponentApi } from "../src/component/_generated/component.js";
import schema from "../src/component/schema.js";
import { componentModules, modulesIn } from "../src/testing/files.js";
import { writeEntry, writePeerEntry } from "../src/testing/seed.js";
import { shared, type Subject } from "./app.js";
import type { Schema } from "./conflicts.js";

/** Our component, as an app has it from its generated code. */
export const component = componentsGeneric().actionCache as unknown as ComponentApi;

export const ours: Subject = {
  schema,
  modules: componentModules(),
  cache: (config) => new ActionCache(component, config),
  writeEntry,
};

/** 0.3.1's component as it is published: Node does not load sources from packages. */
export const LEGACY = new URL(
  "dist/component/",
  pathToFileURL(createRequire(import.meta.url).resolve("action-cache-0.3.1/package.json")),
);

const legacySchema = (await import(new URL("schema.js", LEGACY).href)) as { default: Schema };

export const legacy: Subject = {
  schema: legacySchema.default,
  modules: modulesIn(LEGACY),
  cache: (config) => new LegacyCache(shared, config),
  writeEntry: writePeerEntry,
};
