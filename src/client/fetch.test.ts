import { describe, expect, test } from "vitest";
import { virtualTime } from "../testing/time.js";
import { createApp } from "../testing/app.js";
import { MINUTE } from "../shared/time.js";

virtualTime(1_000_000);

describe("fetch", () => {
  test("runs the action once, and serves what it returned from then on", async () => {
    const { act, cache, upstream, events } = createApp();
    const embeddings = cache();
    const fetch = () => act((ctx) => embeddings.fetch(ctx, { text: "a" }));
    expect(await fetch()).toBe(1);
    expect(await fetch()).toBe(1);
    expect(upstream.asked).toEqual([{ text: "a" }]);
    expect(events.map(({ get, put }) => [get, put])).toEqual([
      ["miss", "created"],
      ["hit", undefined],
    ]);
  });

  test("a miss costs four calls and no handle, and writes the value once", async () => {
    const { act, cache, upstream, observer } = createApp();
    const value = "x".repeat(14 * 1024);
    upstream.answer = () => value;
    const places = cache({ ttl: MINUTE });
    await act((ctx) => places.fetch(ctx, { place: "Berlin" }));
    const { counts } = observer;
    expect(counts).toMatchObject({ queries: 1, mutations: 2, actions: 1, handles: 0 });
    expect(counts.bytesRead).toBeLessThan(1024);
    expect(counts.bytesWritten).toBeLessThan(value.length + 1024);
    const writes = observer.accesses.filter((access) => access.kind === "write");
    expect(writes.filter(({ table }) => table === "values")).toHaveLength(1);
    expect(writes.filter(({ table }) => table === "metadata")).toHaveLength(1);
    observer.reset();
    await act((ctx) => places.fetch(ctx, { place: "Berlin" }));
    expect(observer.calls).toBe(1);
    expect(observer.counts).toMatchObject({ queries: 1, handles: 0, documentsRead: 1 });
  });
});
