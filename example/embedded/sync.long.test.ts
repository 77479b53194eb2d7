import { BaseConvexClient } from "convex/browser";
import { ConvexError, type JSONValue, type Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { connect, createGate, live, useBackend } from "./testBackend.js";
import { within } from "./testFunctions.js";

const served = useBackend();

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
  const call = served.backend.app.call.bind(served.backend.app);
  const delayed = vi
    .spyOn(served.backend.app, "call")
    .mockImplementation(async (kind, path, args) => {
      if (isMeant(args as Record<string, JSONValue>)) {
        delayed.mockImplementation(call);
        await first();
      }
      return await call(kind, path, args);
    });
}

describe("subscriptions", () => {
  const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);

  test("of many queries are answered at once, and later only where a result has changed", async () => {
    const { client, subscribe, sees, transitions, seen } = served.createClient();
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
      served.backend.url,
      () => {
        const values = keys.map((key) => client.localQueryResult("test:read", { key }));
        const loaded = new Set(values.filter((value) => value !== undefined));
        if (loaded.size > 1) mixtures.push(loaded);
      },
      connect().options,
    );
    served.closing(client);
    await served.http.mutation(live.write, { keys, value: "before" });
    delayCalls(
      ({ key }) => key === "key 20",
      () => served.http.mutation(live.write, { keys, value: "between" }),
    );
    for (const key of keys) client.subscribe("test:read", { key });
    const latest = () => client.localQueryResult("test:read", { key: "key 49" });
    await expect.poll(latest).toBe("between");
    await Promise.all(
      keys.map((value) => served.http.action(live.writeFromAction, { keys, value })),
    );
    await client.mutation("test:write", { keys, value: "end" });
    expect(latest()).toBe("end");
    expect(mixtures).toEqual([]);
  });

  test("are told of commits that never pause", async () => {
    const { subscribe, latest } = served.createClient();
    keys.forEach(subscribe);
    const isTold = () => keys.every((key) => latest(key) !== undefined);
    const writers = [1, 2, 3].map(async () => {
      while (!isTold()) await served.http.action(live.writeFromAction, { keys: ["a"], value: "b" });
    });
    await Promise.all(writers);
  });

  test("that change while their queries run are told of what they ask for by then", async () => {
    const { client, subscribe, sees, seen, transitions } = served.createClient();
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
    const { client, subscribe, sees, transitions } = served.createClient();
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
    const { client, subscribe, seen, sees, latest } = served.createClient();
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
    const [one, two] = [served.createClient(), served.createClient()];
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
    await served.http.mutation(live.write, { keys: ["a"], value: "over HTTP" });
    await bothSee("over HTTP");
  });
});

describe("a mutation", () => {
  test("resolves when its client's subscribers have seen what it wrote", async () => {
    const { client, subscribe, latest } = served.createClient();
    subscribe("a");
    for (const value of ["1", "2", "3"]) {
      await client.mutation(live.write, { keys: ["a"], value });
      expect(latest("a")).toBe(value);
    }
  });

  test("resolves where no subscriber sees a change", async () => {
    const { client } = served.createClient();
    expect(await client.mutation(live.write, { keys: ["a"], value: "123" })).toBe(3);
  });

  test("shows its optimistic update until its result, and never both", async () => {
    const { client, subscribe, seen, sees } = served.createClient();
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

  test("is answered before what it wrote is shown, to queries that waited for it too", async () => {
    const { client, subscribe, sees, received } = served.createClient();
    const call = served.backend.app.call.bind(served.backend.app);
    vi.spyOn(served.backend.app, "call").mockImplementation(async (kind, path, args) => {
      const answer = await call(kind, path, args);
      // Queries that run at once would be faster.
      if (kind === "mutation") for (let step = 0; step < 1000; step += 1) await Promise.resolve();
      return answer;
    });
    subscribe("a");
    await sees("a", null);
    const gate = createGate();
    within.write = gate.pass;
    const written = client.mutation(live.append, { key: "a", value: "x" });
    await gate.reached();
    subscribe("b");
    // Once this is answered, the query waits for the mutation to end.
    await client.action(live.echo, { value: null });
    const before = received.length;
    gate.release();
    await written;
    await sees("b", null);
    expect(received.slice(before, before + 2)).toEqual(["MutationResponse", "Transition"]);
  });

  test("of several runs in the order in which its client made them", async () => {
    const { client } = served.createClient();
    const letters = [..."abcdefghijklmnop"];
    delayCalls(
      ({ value }) => value === "a",
      () => served.http.query(live.read, { key: "a" }),
    );
    const results = await Promise.all(
      letters.map((value) => client.mutation(live.append, { key: "a", value })),
    );
    expect(results.at(-1)).toBe(letters.join(""));
  });

  test("that throws rejects with its data, and has written nothing", async () => {
    const { client } = served.createClient();
    const written = { keys: ["a"], value: "never" };
    for (const data of [{ code: "NO", size: 5n }, "a string", null]) {
      for (const one of [client, served.http]) {
        const failing = one.mutation(live.fail, { ...written, data });
        await expect(failing).rejects.toBeInstanceOf(ConvexError);
        await expect(failing).rejects.toHaveProperty("data", data);
      }
    }
    expect(await client.query(live.read, { key: "a" })).toBeNull();
  });
});

const byLength = (a: string | null, b: string | null) => (a?.length ?? 0) - (b?.length ?? 0);
