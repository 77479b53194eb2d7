// The example's app behind the URL of a Convex deployment, so that Convex's own clients can talk to it:
//
//     const backend = await startBackend({ port: 3210 });
//     const client = new ConvexReactClient(backend.url);
//     ...
//     await backend.close();
//
// Its state is in this process's memory, and gone when it is closed. It calls the services that the
// environment names, as a deployment does: `startServices` of server.ts has stand-ins for them.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { JSONValue } from "convex/values";
import { WebSocketServer } from "ws";
import type { Modules } from "../../src/testing/functions.js";
import { EmbeddedApp, failure, type Kind, serverError } from "./app.js";
import { Answers, Connection } from "./sync.js";

export interface Backend {
  /** What a client is constructed with. HTTP actions are served under it as well. */
  url: string;
  app: EmbeddedApp;
  close(): Promise<void>;
}

/** That of Convex's own local backend. */
const PORT = 3210;
/** What Convex's HTTP client expects of a function that threw. */
const FUNCTION_FAILED = 560;

/**
 * Serves the app on this machine only. Rejects if the port is taken.
 *
 * @param port - Default 3210; 0 takes any free one.
 * @param functions - What the app has besides the functions of example/convex, by its file.
 */
export async function startBackend({
  port = PORT,
  functions = {},
}: { port?: number; functions?: Modules } = {}): Promise<Backend> {
  const app = await EmbeddedApp.load(functions);
  const answers = new Answers();
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    answer(app, request)
      .then((answered) => send(answered, response))
      .catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => {
    if (!isOurs(request) || !/^\/api\/[^/]+\/sync$/.test(request.url ?? ""))
      return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (opened) => {
      new Connection(opened, app, answers);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        new Error(
          code === "EADDRINUSE"
            ? `Port ${port} is taken. End the program that has it, or give another port.`
            : message,
        ),
      ),
    );
    // 127.0.0.1 is seen by nobody else.
    server.listen(port, "127.0.0.1", resolve);
  });
  const stopCrons = await app.startCrons();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    close: async () => {
      stopCrons();
      for (const socket of sockets.clients) socket.terminate();
      const closed = new Promise((resolve) => server.close(resolve));
      // A client keeps its connections open, and close() alone would wait for them.
      server.closeAllConnections();
      await closed;
      await app.convex.finishInProgressScheduledFunctions();
    },
  };
}

async function answer(app: EmbeddedApp, request: IncomingMessage): Promise<Response> {
  if (!isOurs(request)) return new Response("Another site's page asked", { status: 403 });
  try {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const kind = /^\/api\/(query|mutation|action)$/.exec(pathname)?.[1];
    if (kind === undefined) return await httpAction(app, pathname + search, request);
    const response = await call(app, kind as Kind, request);
    // A page has another port than this server, and so another origin.
    response.headers.set("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.headers.set("Access-Control-Allow-Headers", "*, Authorization");
    return response;
  } catch (error) {
    const { errorMessage } = serverError(failure(error));
    return Response.json({ code: "InternalServerError", message: errorMessage }, { status: 500 });
  }
}

/** A function called by ConvexHttpClient. */
async function call(app: EmbeddedApp, kind: Kind, request: IncomingMessage): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { status: 204 });
  const { path, args } = JSON.parse((await buffer(request)).toString()) as {
    path: string;
    args: JSONValue;
  };
  // The client sends a list of one; by hand one would leave that out.
  const outcome = await app.call(kind, path, Array.isArray(args) ? args[0]! : args);
  const logLines: string[] = [];
  if (outcome.success) return Response.json({ status: "success", value: outcome.value, logLines });
  return Response.json(
    { status: "error", ...serverError(outcome), logLines },
    { status: FUNCTION_FAILED },
  );
}

/** What http.ts routes. A deployment has it on a site of its own, Convex's local backend under /http. */
async function httpAction(
  app: EmbeddedApp,
  path: string,
  request: IncomingMessage,
): Promise<Response> {
  const method = request.method ?? "GET";
  const headers = request.headers as Record<string, string>;
  const body = ["GET", "HEAD"].includes(method) ? null : await buffer(request);
  return await app.convex.fetch(path.replace(/^\/http(?=\/)/, ""), { method, headers, body });
}

/** Whether a program asked, or a page of this machine's: any site may send a browser to 127.0.0.1. */
function isOurs({ headers: { origin } }: IncomingMessage): boolean {
  return origin === undefined || /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin);
}

async function send(answered: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answered.status;
  response.setHeaders(answered.headers);
  response.end(Buffer.from(await answered.arrayBuffer()));
}
