/** The two versions that are compared. */
import { componentsGeneric } from "convex/server";
import { ActionCache as LegacyCache } from "action-cache-0.3.1";
import { ActionCache } from "../src/client/index.js";
import type { ComponentApi } from "../src/component/_generated/component.js";
import schema from "../src/component/schema.js";
import { componentModules, LEGACY, legacySchema, modulesIn } from "../src/testing/files.js";
import { writeEntry, writeLegacyEntry } from "../src/testing/seed.js";
import { shared, type Subject } from "./app.js";

/** Our component, as an app has it from its generated code. */
export const component = componentsGeneric().actionCache as unknown as ComponentApi;

export const ours: Subject = {
  schema,
  modules: componentModules(),
  cache: (config) => new ActionCache(component, config),
  writeEntry,
};

export const legacy: Subject = {
  schema: await legacySchema(),
  modules: modulesIn(LEGACY),
  cache: (config) => new LegacyCache(shared, config),
  writeEntry: writeLegacyEntry,
};
