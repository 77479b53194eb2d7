import { convexTest, type TestConvex } from "convex-test";
import componentSchema from "../../src/component/schema.js";
import { componentModules, LEGACY, legacySchema, modulesIn } from "../../src/testing/files.js";
import { observe, Observer } from "../../src/testing/syscalls.js";
import appSchema from "../convex/schema.js";
import { CapturedLog } from "./log.js";
import { type Services, startServices } from "./server.js";

/** All that a part of the program works with. */
export interface Setting {
  /** The app of example/convex with its component, in this process instead of a deployment. */
  app: TestConvex<typeof appSchema>;
  /** Counts what the app's functions use. */
  observer: Observer;
  services: Services;
  log: CapturedLog;
  stop(): Promise<void>;
}

export async function start(): Promise<Setting> {
  const services = await startServices();
  process.env.GEOCODING_BASE_URL = services.url;
  process.env.FORECAST_BASE_URL = services.url;
  process.env.OPENAI_BASE_URL = `${services.url}/v1`;
  process.env.OPENAI_API_KEY = "any: the stand-in asks for none";
  const log = new CapturedLog();
  const observer = new Observer();
  const app = convexTest({
    schema: appSchema,
    modules: observer.observed(modulesIn(new URL("../convex", import.meta.url))),
    transactionLimits: true,
  });
  // What register() of "@convex-dev/action-cache/test" does in a test. It collects the component's
  // files with import.meta.glob, which Vite provides and Node does not.
  app.registerComponent("actionCache", componentSchema, observer.observed(componentModules()));
  app.registerComponent("legacyCache", await legacySchema(), modulesIn(LEGACY));
  observe(observer);
  const stop = async () => {
    // What runs in the background ends first.
    await app.finishInProgressScheduledFunctions();
    await services.close();
    log.release();
  };
  return { app, observer, services, log, stop };
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
