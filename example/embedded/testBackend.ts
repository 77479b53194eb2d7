/** The backend in tests of it, with the functions of testFunctions.ts, and clients whose connections can be cut. */
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi, type ApiFromModules, type FilterApi, type FunctionReference } from "convex/server";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { WebSocket } from "ws";
import { type Backend, startBackend } from "./backend.js";
import type * as functions from "./testFunctions.js";
import { within } from "./testFunctions.js";

/** References to the functions of testFunctions.ts. */
export const { test: live } = anyApi as unknown as FilterApi<
  ApiFromModules<{ test: typeof functions }>,
  FunctionReference<"query" | "mutation" | "action", "public">
>;

/** A backend for each test of a file, and what is to be closed with it. */
export function useBackend() {
  const test = {} as {
    backend: Backend;
    http: ConvexHttpClient;
    /** Closes something at the end of the test. */
    closing: <Closable extends { close(): Promise<unknown> }>(one: Closable) => Closable;
    createClient: () => ReturnType<typeof createClient>;
  };
  let open: { close(): Promise<unknown> }[];
  beforeEach(async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    open = [];
    test.closing = (one) => {
      open.unshift(one);
      return one;
    };
    test.backend = test.closing(
      await startBackend({
        port: 0,
        functions: { "./test.ts": () => import("./testFunctions.js") },
      }),
    );
    const { url } = test.backend;
    test.http = new ConvexHttpClient(url, { logger: false });
    test.createClient = () => {
      const created = createClient(url);
      test.closing(created.client);
      return created;
    };
  });
  afterEach(async () => {
    for (const one of open) await one.close();
    Object.assign(within, { read: () => {}, write: () => {} });
    vi.restoreAllMocks();
  });
  return test;
}

/** A browser, whose connection can be cut, with what it was sent. */
export function connect() {
  const sockets: WebSocket[] = [];
  const transitions: { queryId: number; type: string }[][] = [];
  const received: string[] = [];
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
      this.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string; modifications: never };
        received.push(message.type);
        if (message.type === "Transition") transitions.push(message.modifications);
      });
    }
  }
  const options = { webSocketConstructor: Socket as never, logger: false as const };
  return { options, sockets, received, transitions, cut: () => sockets.at(-1)!.terminate() };
}

/** A client, and what its subscribers have seen, by key. */
function createClient(url: string) {
  const browser = connect();
  const client = new ConvexClient(url, browser.options);
  const seen: Record<string, unknown[]> = {};
  const subscribe = (key: string) => {
    const values = (seen[key] ??= []);
    return client.onUpdate(
      live.read,
      { key },
      (value) => void values.push(value),
      (error) => void values.push(error),
    );
  };
  const latest = (key: string) => seen[key]?.at(-1);
  /** Resolves when a subscriber has seen this. */
  const sees = (key: string, value: unknown) => expect.poll(() => latest(key)).toEqual(value);
  return { ...browser, client, seen, subscribe, latest, sees };
}

/** A point in a function where it waits until it is let go on. */
export function createGate() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const pass = vi.fn(() => released);
  return { pass, reached: () => expect.poll(() => pass.mock.calls.length).toBe(1), release };
}
