import { describe, expect, test, vi } from "vitest";
import { virtualTime } from "../testing/time.js";
import { component, type Compute, createApp } from "../testing/app.js";
import { ActionCache } from "./ActionCache.js";
import type { ActionContext } from "./contexts.js";

virtualTime(1_000_000);

describe("a cache's name", () => {
  test.each([undefined, ""])("is the action's function name, where %o is given", (name) => {
    expect(createApp().cache({ name }).name).toBe("upstream:compute");
  });

  test("is what is given, and public, as its component is", () => {
    const cache = createApp().cache({ name: "embed-v1" });
    expect(cache.name).toBe("embed-v1");
    expect(cache.component).toBe(component);
  });

  test("keeps entries apart, and joins those of caches that share it", async () => {
    const { act, cache, stored } = createApp();
    const fetch = (name: string | undefined) => act((ctx) => cache({ name }).fetch(ctx, { id: 1 }));
    expect(await fetch("v1")).toBe(1);
    expect(await fetch("v2")).toBe(2);
    expect(await fetch("")).toBe(3);
    expect(await fetch("v1")).toBe(1);
    expect(await fetch(undefined)).toBe(3);
    expect((await stored()).values.map(({ name }) => name)).toEqual([
      "v1",
      "v2",
      "upstream:compute",
    ]);
  });

  test("is not derived where one is given, so the action may be a mock", async () => {
    const { act } = createApp();
    const action = { mock: "of an action" } as unknown as Compute;
    const cache = new ActionCache(component, { action, name: "mocked" });
    const value: unknown = await act((ctx) => {
      const runAction = vi.fn(() => Promise.resolve("mocked value"));
      const mocked = { ...ctx, runAction } as unknown as ActionContext;
      return cache.fetch(mocked, { id: 1 });
    });
    expect(value).toBe("mocked value");
  });
});
