import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createGate, live, useBackend } from "./testBackend.js";
import { within } from "./testFunctions.js";

const served = useBackend();

describe("a client that was cut off", () => {
  test("sees what has changed meanwhile", async () => {
    const { subscribe, sees, cut, transitions } = served.createClient();
    ["a", "b"].forEach(subscribe);
    await sees("b", null);
    cut();
    await served.http.mutation(live.write, { keys: ["a"], value: "meanwhile" });
    await sees("a", "meanwhile");
    await served.http.mutation(live.write, { keys: ["b"], value: "later" });
    await sees("b", "later");
    expect(transitions.at(-1)).toHaveLength(1);
  });

  test("while its mutation ran has it run once", async () => {
    const { client, sockets, cut } = served.createClient();
    const gate = createGate();
    within.write = gate.pass;
    const appended = client.mutation(live.append, { key: "a", value: "x" });
    await gate.reached();
    cut();
    await expect.poll(() => sockets.at(-1)!.readyState).toBe(WebSocket.OPEN);
    expect(sockets).toHaveLength(2);
    gate.release();
    expect(await appended).toBe("x");
    expect(await served.http.query(live.read, { key: "a" })).toBe("x");
  });

  test("before it had the answers to its mutations gets them, and they ran once and in order", async () => {
    const { client, sockets, cut } = served.createClient();
    within.write = () => {
      if (sockets.length === 1) cut();
    };
    const letters = [..."abcdefgh"];
    const results = await Promise.all(
      letters.map((value) => client.mutation(live.append, { key: "a", value })),
    );
    expect(sockets).toHaveLength(2);
    expect(results).toEqual(letters.map((_, index) => letters.slice(0, index + 1).join("")));
    expect(await served.http.query(live.read, { key: "a" })).toBe("abcdefgh");
  });
});

test("a mutation that is sent again late is answered, and its client told that it has seen it", async () => {
  const send = (...messages: object[]) => {
    const socket = new WebSocket(`${served.backend.url.replace("http", "ws")}/api/1.48.0/sync`);
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
  expect(await served.http.query(live.read, { key: "a" })).toBe("x");
});
