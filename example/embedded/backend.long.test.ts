import { MINUTE } from "@convex-dev/action-cache";
import { BaseConvexClient, ConvexClient, ConvexHttpClient } from "convex/browser";
import {
  anyApi,
  type ApiFromModules,
  type FilterApi,
  type FunctionReference,
  getFunctionName,
  makeFunctionReference,
} from "convex/server";
import { ConvexError, type JSONValue, type Value } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { api, internal } from "../convex/_generated/api.js";
import { type Backend, startBackend } from "./backend.js";
import { type Services, startServices } from "./server.js";
import type * as functions from "./testFunctions.js";
import { within } from "./testFunctions.js";

const { test: live } = anyApi as unknown as FilterApi<
  ApiFromModules<{ test: typeof functions }>,
  FunctionReference<"query" | "mutation" | "action", "public">
>;
const MIB = 1024 * 1024;

let backend: Backend;
let http: ConvexHttpClient;
let open: { close(): Promise<unknown> }[];

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  backend = await startBackend({
    port: 0,
    functions: { "./test.ts": () => import("./testFunctions.js") },
  });
  http = new ConvexHttpClient(backend.url, { logger: false });
  open = [backend];
});
afterEach(async () => {
  for (const one of open.reverse()) await one.close();
  Object.assign(within, { read: () => {}, write: () => {} });
  vi.restoreAllMocks();
});

/** A browser, whose connection can be cut, with what it was sent. */
function connect() {
  const sockets: WebSocket[] = [];
  const transitions: { queryId: number; type: string }[][] = [];
  class Socket extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
      this.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string; modifications: never };
        if (message.type === "Transition") transitions.push(message.modifications);
      });
    }
  }
  const options = { webSocketConstructor: Socket as never, logger: false as const };
  return { options, sockets, transitions, cut: () => sockets.at(-1)!.terminate() };
}

/** A client, and what its subscribers have seen, by key. */
function createClient() {
  const browser = connect();
  const client = new ConvexClient(backend.url, browser.options);
  open.push(client);
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
  const sees = (key: string, value: unknown) =>
    expect.poll(() => latest(key)).toEqual(value) as unknown as Promise<void>;
  return { ...browser, client, seen, subscribe, latest, sees };
}

/** Counts how often a query has run, by key. */
function countReads() {
  const reads: Record<string, number> = {};
  within.read = (key) => void (reads[key] = (reads[key] ?? 0) + 1);
  return reads;
}

/** Has something else happen first, once, when a call comes with these arguments. */
function delayCalls(
  isMeant: (args: Record<string, JSONValue>) => boolean,
  first: () => Promise<unknown>,
) {
  const call = backend.app.call.bind(backend.app);
  const delayed = vi.spyOn(backend.app, "call").mockImplementation(async (kind, path, args) => {
    if (isMeant(args as Record<string, JSONValue>)) {
      delayed.mockImplementation(call);
      await first();
    }
    return await call(kind, path, args);
  });
}

/** A point in a function where it waits until it is let go on. */
function createGate() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const pass = vi.fn(() => released);
  return { pass, reached: () => expect.poll(() => pass.mock.calls.length).toBe(1), release };
}

describe("subscriptions", () => {
  const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);

  test("of many queries are answered at once, and later only where a result has changed", async () => {
    const { client, subscribe, sees, transitions, seen } = createClient();
    await client.mutation(live.write, { keys, value: "before" });
    keys.forEach(subscribe);
    await Promise.all(keys.map((key) => sees(key, "before")));

    const told = transitions.length;
    await client.mutation(live.write, { keys: ["key 7"], value: "after" });
    await sees("key 7", "after");
    expect(transitions.slice(told).flat()).toHaveLength(1);
    expect(Object.values(seen).filter(({ length }) => length > 1)).toEqual([["before", "after"]]);
  });

  test("never show a part of a commit, though it came between their queries", async () => {
    const mixtures: unknown[] = [];
    const client = new BaseConvexClient(
      backend.url,
      () => {
        const values = keys.map((key) => client.localQueryResult("test:read", { key }));
        const loaded = new Set(values.filter((value) => value !== undefined));
        if (loaded.size > 1) mixtures.push(loaded);
      },
      connect().options,
    );
    open.push(client);
    await http.mutation(live.write, { keys, value: "before" });
    delayCalls(
      ({ key }) => key === "key 20",
      () => http.mutation(live.write, { keys, value: "between" }),
    );
    for (const key of keys) client.subscribe("test:read", { key });
    const latest = () => client.localQueryResult("test:read", { key: "key 49" });
    await expect.poll(latest).toBe("between");
    await Promise.all(keys.map((value) => http.action(live.writeFromAction, { keys, value })));
    await client.mutation("test:write", { keys, value: "end" });
    expect(latest()).toBe("end");
    expect(mixtures).toEqual([]);
  });

  test("are told of commits that never pause", async () => {
    const { subscribe, latest } = createClient();
    keys.forEach(subscribe);
    const isTold = () => keys.every((key) => latest(key) !== undefined);
    const writers = [1, 2, 3].map(async () => {
      while (!isTold()) await http.action(live.writeFromAction, { keys: ["a"], value: "b" });
    });
    await Promise.all(writers);
  });

  test("that change while their queries run are told of what they ask for by then", async () => {
    const { client, subscribe, sees, seen, transitions } = createClient();
    const gate = createGate();
    within.read = gate.pass;
    const unsubscribe = subscribe("a");
    subscribe("b");
    await gate.reached();
    unsubscribe();
    subscribe("c");
    subscribe("d")();
    // Once this is answered, the backend has heard of the rest.
    await client.action(live.echo, { value: null });
    gate.release();

    await sees("b", null);
    await sees("c", null);
    expect([seen.a, seen.d]).toEqual([[], []]);
    expect(transitions.flat()).toMatchObject([{ queryId: 1 }, { queryId: 2 }]);
  });

  test("that ended run no more", async () => {
    const { client, subscribe, sees, transitions } = createClient();
    const reads = countReads();
    const unsubscribe = subscribe("a");
    subscribe("b");
    await sees("a", null);
    unsubscribe();
    await client.mutation(live.write, { keys: ["b"], value: "1" });
    const runs = reads.a!;
    expect(transitions.flat()).toContainEqual({ type: "QueryRemoved", queryId: 0 });
    await client.mutation(live.write, { keys: ["a", "b"], value: "2" });
    expect(reads).toEqual({ a: runs, b: reads.b });
    expect(reads.b).toBeGreaterThan(runs);
  });

  test("of a query that throws get its error with its data, and the others their results", async () => {
    const { client, subscribe, seen, sees, latest } = createClient();
    ["a", "b"].forEach(subscribe);
    await client.mutation(live.write, { keys: ["a", "b"], value: "fine" });
    await client.mutation(live.write, { keys: ["a"], value: "broken" });
    await expect.poll(() => latest("a")).toBeInstanceOf(ConvexError);
    expect((latest("a") as ConvexError<Value>).data).toEqual({ key: "a" });

    const failures = seen.a!.length;
    await client.mutation(live.write, { keys: ["b"], value: "better" });
    await sees("b", "better");
    expect(seen.a).toHaveLength(failures);
    await client.mutation(live.write, { keys: ["a"], value: "mended" });
    await sees("a", "mended");
  });

  test("of two clients see what either writes, and what actions and scheduled functions do", async () => {
    const [one, two] = [createClient(), createClient()];
    one.subscribe("a");
    two.subscribe("a");
    const bothSee = async (value: string) => {
      await one.sees("a", value);
      await two.sees("a", value);
    };
    await one.client.mutation(live.write, { keys: ["a"], value: "from one" });
    await bothSee("from one");
    await two.client.action(live.writeFromAction, { keys: ["a"], value: "from an action" });
    await bothSee("from an action");
    await one.client.mutation(live.writeLater, { keys: ["a"], value: "from the scheduler" });
    await bothSee("from the scheduler");
    await http.mutation(live.write, { keys: ["a"], value: "over HTTP" });
    await bothSee("over HTTP");
  });
});

describe("a mutation", () => {
  test("resolves when its client's subscribers have seen what it wrote", async () => {
    const { client, subscribe, latest } = createClient();
    subscribe("a");
    for (const value of ["1", "2", "3"]) {
      await client.mutation(live.write, { keys: ["a"], value });
      expect(latest("a")).toBe(value);
    }
  });

  test("resolves where no subscriber sees a change", async () => {
    const { client } = createClient();
    expect(await client.mutation(live.write, { keys: ["a"], value: "123" })).toBe(3);
  });

  test("shows its optimistic update until its result, and never both", async () => {
    const { client, subscribe, seen, sees } = createClient();
    subscribe("a");
    await sees("a", null);
    await client.mutation(live.append, { key: "a", value: "x" });
    for (let round = 0; round < 10; round += 1) {
      const added = { key: "a", value: "x" };
      await client.mutation(live.append, added, {
        optimisticUpdate: (store) =>
          store.setQuery(live.read, { key: "a" }, `${store.getQuery(live.read, { key: "a" })}x`),
      });
    }
    expect(new Set(seen.a)).toEqual(
      new Set([null, ...Array.from({ length: 11 }, (_, index) => "x".repeat(index + 1))]),
    );
    expect(seen.a).toEqual([...(seen.a as (string | null)[])].sort(byLength));
  });

  test("of several runs in the order in which its client made them", async () => {
    const { client } = createClient();
    const letters = [..."abcdefghijklmnop"];
    delayCalls(
      ({ value }) => value === "a",
      () => http.query(live.read, { key: "a" }),
    );
    const results = await Promise.all(
      letters.map((value) => client.mutation(live.append, { key: "a", value })),
    );
    expect(results.at(-1)).toBe(letters.join(""));
  });

  test("that throws rejects with its data, and has written nothing", async () => {
    const { client } = createClient();
    const written = { keys: ["a"], value: "never" };
    for (const data of [{ code: "NO", size: 5n }, "a string", null]) {
      for (const one of [client, http]) {
        const failing = one.mutation(live.fail, { ...written, data });
        await expect(failing).rejects.toBeInstanceOf(ConvexError);
        await expect(failing).rejects.toHaveProperty("data", data);
      }
    }
    expect(await client.query(live.read, { key: "a" })).toBeNull();
  });
});

describe("a client that was cut off", () => {
  test("sees what has changed meanwhile", async () => {
    const { subscribe, sees, cut, transitions } = createClient();
    ["a", "b"].forEach(subscribe);
    await sees("b", null);
    cut();
    await http.mutation(live.write, { keys: ["a"], value: "meanwhile" });
    await sees("a", "meanwhile");
    await http.mutation(live.write, { keys: ["b"], value: "later" });
    await sees("b", "later");
    expect(transitions.at(-1)).toHaveLength(1);
  });

  test("while its mutation ran has it run once", async () => {
    const { client, sockets, cut } = createClient();
    const gate = createGate();
    within.write = gate.pass;
    const appended = client.mutation(live.append, { key: "a", value: "x" });
    await gate.reached();
    cut();
    await expect.poll(() => sockets.at(-1)!.readyState).toBe(WebSocket.OPEN);
    expect(sockets).toHaveLength(2);
    gate.release();
    expect(await appended).toBe("x");
    expect(await http.query(live.read, { key: "a" })).toBe("x");
  });

  test("before it had the answers to its mutations gets them, and they ran once and in order", async () => {
    const { client, sockets, cut } = createClient();
    within.write = () => {
      if (sockets.length === 1) cut();
    };
    const letters = [..."abcdefgh"];
    const results = await Promise.all(
      letters.map((value) => client.mutation(live.append, { key: "a", value })),
    );
    expect(sockets).toHaveLength(2);
    expect(results).toEqual(letters.map((_, index) => letters.slice(0, index + 1).join("")));
    expect(await http.query(live.read, { key: "a" })).toBe("abcdefgh");
  });
});

test("a mutation that is sent again late is answered, and its client told that it has seen it", async () => {
  const send = (...messages: object[]) => {
    const socket = new WebSocket(`${backend.url.replace("http", "ws")}/api/1.48.0/sync`);
    const received: { type: string; requestId?: number }[] = [];
    socket.on("message", (data: Buffer) => received.push(JSON.parse(data.toString()) as never));
    socket.on("open", () => messages.forEach((message) => socket.send(JSON.stringify(message))));
    const types = (...expected: string[]) =>
      expect.poll(() => received.map(({ type }) => type)).toEqual(expected);
    return { socket, types };
  };
  const connected = { type: "Connect", sessionId: "a session", connectionCount: 0, clientTs: 0 };
  const mutation = {
    type: "Mutation",
    requestId: 0,
    udfPath: "test:append",
    args: [{ key: "a", value: "x" }],
  };
  const first = send(connected, mutation);
  await first.types("MutationResponse", "Transition");
  first.socket.terminate();

  const querySet = { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] };
  const second = send(connected, querySet);
  await second.types("Transition");
  second.socket.send(JSON.stringify(mutation));
  await second.types("Transition", "MutationResponse", "Transition");
  second.socket.terminate();
  expect(await http.query(live.read, { key: "a" })).toBe("x");
});

test("large values pass both ways", async () => {
  const { client, subscribe, sees } = createClient();
  const value = "ä".repeat(1.5 * MIB);
  subscribe("a");
  await client.mutation(live.write, { keys: ["a"], value });
  await sees("a", value);
  const bytes = new Uint8Array(3 * MIB).map((_, index) => index % 251).buffer;
  for (const one of [client, http]) {
    expect(await one.query(live.read, { key: "a" })).toBe(value);
    const echoed = (await one.action(live.echo, { value: bytes })) as ArrayBuffer;
    expect(Buffer.compare(Buffer.from(echoed), Buffer.from(bytes))).toBe(0);
  }
});

test("a client calls public functions of the app, as what they are, with arguments that they take", async () => {
  const { client } = createClient();
  const missing = (name: string) =>
    `Could not find public function for '${name}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`;
  const named = (name: string) => makeFunctionReference<"mutation">(name);
  for (const one of [client, http]) {
    const refused = async (call: Promise<unknown>) =>
      await call.then(
        () => "not refused",
        ({ message }: Error) => message,
      );
    for (const name of [
      "nowhere:read",
      "test:nothing",
      "test:hidden",
      "http",
      "actionCache/lib:removeAll",
      getFunctionName(internal.clearing.everything),
    ]) {
      expect(await refused(one.mutation(named(name), {}))).toContain(missing(name));
    }
    expect(await refused(one.mutation(named("test:read"), {}))).toContain(
      "Trying to execute test:read as Mutation, but it is defined as Query.",
    );
    expect(await refused(one.query(live.read, {} as never))).toMatch(
      /\[Request ID: [0-9a-f]{16}\] Server Error\nArgumentValidationError: .*`key`/,
    );
    expect(
      await refused(one.action(live.writeFromAction, { keys: [1], value: "" } as never)),
    ).toContain("ArgumentValidationError");
  }
});

test("a port that is taken is refused, with what to do", async () => {
  const port = Number(new URL(backend.url).port);
  await expect(startBackend({ port })).rejects.toThrow(
    `Port ${port} is taken. End the program that has it, or give another port.`,
  );
});

test("a page of another site is refused", async () => {
  const asked = (Origin: string) =>
    fetch(`${backend.url}/api/query`, {
      method: "POST",
      headers: { Origin },
      body: JSON.stringify({ path: "test:read", args: { key: "a" } }),
    });
  expect((await asked("https://example.com")).status).toBe(403);
  expect((await asked("http://localhost.example.com")).status).toBe(403);
  const answered = await asked("http://localhost:5173");
  expect(answered.headers.get("Access-Control-Allow-Origin")).toBe("http://localhost:5173");
  expect(await answered.json()).toEqual({ status: "success", value: null, logLines: [] });
  const socket = new WebSocket(`${backend.url.replace("http", "ws")}/api/1.48.0/sync`, {
    origin: "https://example.com",
  });
  await new Promise((resolve) => socket.once("error", resolve));
});

describe("of the example", () => {
  let services: Services;
  beforeEach(async () => {
    services = await startServices();
    open.unshift(services);
    for (const [name, value] of Object.entries(services.settings)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  test("a cron's refresh reaches who is subscribed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const withCrons = await startBackend({ port: 0 });
    const client = new ConvexClient(withCrons.url, connect().options);
    open.push(withCrons, client);
    const temperatures: unknown[] = [];
    client.onUpdate(api.weather.cached, { name: "Berlin" }, (entry) => {
      temperatures.push(entry?.forecast.temperature);
    });
    const weather = await client.action(api.weather.forPlace, { name: "Berlin" });
    const before = weather!.forecast.temperature;
    services.warmUp();
    vi.advanceTimersByTime(30 * MINUTE);
    await expect.poll(() => temperatures.at(-1)).toBe(before + 1);
  });

  test("the weather comes over HTTP, from the cache", async () => {
    const get = () => fetch(`${backend.url}/http/weather?name=Berlin`);
    expect((await get()).headers.get("X-Cache")).toBe("filled");
    const response = await get();
    expect(response.headers.get("X-Cache")).toBe("hit");
    expect(await response.json()).toEqual(
      await http.action(api.weather.forPlace, { name: "Berlin" }),
    );
    expect((await fetch(`${backend.url}/weather?name=Berlin`)).status).toBe(200);
    expect((await fetch(`${backend.url}/http/nothing`)).status).toBe(404);
  });
});

const byLength = (a: string | null, b: string | null) => (a?.length ?? 0) - (b?.length ?? 0);
