/** The two versions that are compared. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { componentsGeneric } from "convex/server";
import { ActionCache as PeerCache } from "action-cache-0.3.1";
import { ActionCache } from "../src/client/index.js";
import type { ComponentApi } from "../src/component/_generated/component.js";
import schema from "../src/component/schema.js";
import { writeEntry, writePeerEntry } from "../src/testing/seed.js";
import { shared, type Subject } from "./app.js";
import type { Schema } from "./conflicts.js";
import { modulesIn, OURS, PEER } from "./modules.js";

/** Our component, as an app has it from its generated code. */
export const component = componentsGeneric().actionCache as unknown as ComponentApi;

export const ours: Subject = {
  schema,
  modules: modulesIn(OURS),
  cache: (config) => new ActionCache(component, config),
  writeEntry,
};

const peerSchema = (await import(pathToFileURL(path.join(PEER, "schema.js")).href)) as {
  default: Schema;
};

export const peer: Subject = {
  schema: peerSchema.default,
  modules: modulesIn(PEER),
  cache: (config) => new PeerCache(shared, config),
  writeEntry: writePeerEntry,
};
