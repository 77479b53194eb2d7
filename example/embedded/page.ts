// The page of example/src, with the app of example/convex in this process in place of a deployment, and
// geocoding on real data. Needs no account and no network.
import { fileURLToPath } from "node:url";
import { createLogger, createServer as createPage, type Logger } from "vite";
import type { Modules } from "../../src/testing/functions.js";
import { type Backend, startBackend } from "./backend.js";
import { cities } from "./cities.js";
import { integer } from "./report.js";
import { type Services, startServices } from "./server.js";

/** That of Vite. */
const PORT = 5173;

/** The page and what it needs, on one address. */
export interface Page {
  url: string;
  services: Services;
  backend: Backend;
  close(): Promise<void>;
}

/**
 * Serves the page to this machine alone. Rejects if the port is taken.
 *
 * @param port - Default 5173.
 * @param functions - What the app has besides the functions of example/convex, by its file.
 * @param onProgress - Told what starts now.
 */
export async function startPage({
  port = PORT,
  functions = {},
  onProgress = () => {},
}: {
  port?: number;
  functions?: Modules;
  onProgress?: (step: string) => void;
} = {}): Promise<Page> {
  const open: { close(): Promise<unknown> }[] = [];
  const close = async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  };
  const opened = <Closable extends { close(): Promise<unknown> }>(one: Closable): Closable => {
    open.push(one);
    return one;
  };
  try {
    onProgress(`a geocoding service with ${integer(cities.length)} cities`);
    const services = opened(await startServices());
    Object.assign(process.env, services.settings);
    onProgress("the app of example/convex");
    const backend = opened(await startBackend({ port: 0, functions }));
    onProgress("its page");
    const url = `http://127.0.0.1:${port}`;
    // Before what .env.local says, which is for `npm run dev`.
    process.env.VITE_CONVEX_URL = url;
    const page = opened(
      await createPage({
        configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)),
        customLogger: quietLogger(),
        server: {
          host: "127.0.0.1",
          port,
          strictPort: true,
          // One address for both: the page's requests to the backend go through the page's server.
          proxy: { "/api": { target: backend.url, ws: true }, "/http": backend.url },
        },
      }),
    );
    await page.listen();
    return { url, services, backend, close };
  } catch (error) {
    await close();
    const isTaken = error instanceof Error && /Port \d+ is already in use/.test(error.message);
    if (!isTaken) throw error;
    throw new Error(
      `Port ${port} is taken. End the program that has it, or give another port: ` +
        "npm run example -- 5174",
      { cause: error },
    );
  }
}

/** Says what goes wrong. That a tab was closed, and with it its connection, is no error. */
function quietLogger(): Logger {
  const logger = createLogger("warn");
  return {
    ...logger,
    error: (message, options) => {
      if (!message.includes("ws proxy")) logger.error(message, options);
    },
  };
}
