import { MINUTE } from "@convex-dev/action-cache";
import { ConvexClient } from "convex/browser";
import { getFunctionName, makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { api, internal } from "../convex/_generated/api.js";
import { startBackend } from "./backend.js";
import { type Services, startServices } from "./server.js";
import { connect, live, useBackend } from "./testBackend.js";

const MIB = 1024 * 1024;

const served = useBackend();

test("large values pass both ways", async () => {
  const { client, subscribe, sees } = served.createClient();
  const value = "ä".repeat(1.5 * MIB);
  subscribe("a");
  await client.mutation(live.write, { keys: ["a"], value });
  await sees("a", value);
  const bytes = new Uint8Array(3 * MIB).map((_, index) => index % 251).buffer;
  for (const one of [client, served.http]) {
    expect(await one.query(live.read, { key: "a" })).toBe(value);
    const echoed = (await one.action(live.echo, { value: bytes })) as ArrayBuffer;
    expect(Buffer.compare(Buffer.from(echoed), Buffer.from(bytes))).toBe(0);
  }
});

test("a client calls public functions of the app, as what they are, with arguments that they take", async () => {
  const { client } = served.createClient();
  const missing = (name: string) =>
    `Could not find public function for '${name}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`;
  const named = (name: string) => makeFunctionReference<"mutation">(name);
  for (const one of [client, served.http]) {
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
  const port = Number(new URL(served.backend.url).port);
  await expect(startBackend({ port })).rejects.toThrow(
    `Port ${port} is taken. End the program that has it, or give another port.`,
  );
});

test("a page of another site is refused", async () => {
  const asked = (Origin: string) =>
    fetch(`${served.backend.url}/api/query`, {
      method: "POST",
      headers: { Origin },
      body: JSON.stringify({ path: "test:read", args: { key: "a" } }),
    });
  expect((await asked("https://example.com")).status).toBe(403);
  expect((await asked("http://localhost.example.com")).status).toBe(403);
  const answered = await asked("http://localhost:5173");
  expect(answered.headers.get("Access-Control-Allow-Origin")).toBe("http://localhost:5173");
  expect(await answered.json()).toEqual({ status: "success", value: null, logLines: [] });
  const socket = new WebSocket(`${served.backend.url.replace("http", "ws")}/api/1.48.0/sync`, {
    origin: "https://example.com",
  });
  await new Promise((resolve) => socket.once("error", resolve));
});

describe("of the example", () => {
  let services: Services;
  beforeEach(async () => {
    services = await startServices();
    served.closing(services);
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
    served.closing(withCrons);
    served.closing(client);
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
    const get = () => fetch(`${served.backend.url}/http/weather?name=Berlin`);
    expect((await get()).headers.get("X-Cache")).toBe("filled");
    const response = await get();
    expect(response.headers.get("X-Cache")).toBe("hit");
    expect(await response.json()).toEqual(
      await served.http.action(api.weather.forPlace, { name: "Berlin" }),
    );
    expect((await fetch(`${served.backend.url}/weather?name=Berlin`)).status).toBe(200);
    expect((await fetch(`${served.backend.url}/http/nothing`)).status).toBe(404);
  });
});
