import { ConvexHttpClient } from "convex/browser";
import { anyApi, type ApiFromModules, type FilterApi, type FunctionReference } from "convex/server";
import { LEGACY, legacySchema, modulesIn } from "../../src/testing/files.js";
import { observe, type Observer } from "../../src/testing/syscalls.js";
import { startBackend } from "./backend.js";
import type * as demoFunctions from "./demo.js";
import { CapturedLog } from "./log.js";
import { type Services, startServices } from "./server.js";

/** References to the functions of demo.ts, as `api` has them to the app's. */
export const { demo } = anyApi as unknown as FilterApi<
  ApiFromModules<{ demo: typeof demoFunctions }>,
  FunctionReference<"action" | "mutation", "public">
>;

/** All that a part of the program works with. */
export interface Setting {
  /** Where the app of example/convex is served, in this process instead of a deployment. */
  url: string;
  app: ConvexHttpClient;
  /** Counts what the app's functions use. */
  observer: Observer;
  services: Services;
  log: CapturedLog;
  stop(): Promise<void>;
}

export async function start(): Promise<Setting> {
  const services = await startServices();
  Object.assign(process.env, services.settings);
  const log = new CapturedLog();
  const backend = await startBackend({
    port: 0,
    functions: { "./demo.ts": () => import("./demo.js") },
  });
  const { convex, observer } = backend.app;
  convex.registerComponent("legacyCache", await legacySchema(), modulesIn(LEGACY));
  observe(observer);
  const app = new ConvexHttpClient(backend.url, { logger: false });
  const stop = async () => {
    await backend.close();
    await services.close();
    log.release();
  };
  return { url: backend.url, app, observer, services, log, stop };
}

/** Does something, and tells how many requests it made. */
export async function counted<T>(
  { services }: Setting,
  work: () => Promise<T>,
): Promise<{ result: T; requests: number }> {
  const before = services.requests();
  const result = await work();
  return { result, requests: services.requests() - before };
}
