import type {
  GenericActionCtx,
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
} from "convex/server";
import { describe, expectTypeOf, test } from "vitest";
import { type ComponentApi, type HeldLock, Lock } from "./index.js";

declare const component: ComponentApi;
declare const query: GenericQueryCtx<GenericDataModel>;
declare const mutation: GenericMutationCtx<GenericDataModel>;
declare const action: GenericActionCtx<GenericDataModel>;

const lock = new Lock(component, { name: "billing" });

describe("the contexts of a lock", () => {
  test("acquire waits in an action alone", () => {
    expectTypeOf(lock.acquire(action, "a", { wait: 1000 })).resolves.toEqualTypeOf<string | null>();
    expectTypeOf(lock.acquire(mutation, "a")).resolves.toEqualTypeOf<string | null>();
    // @ts-expect-error: a mutation can't wait
    void lock.acquire(mutation, "a", { wait: 1000 });
    // @ts-expect-error: a query changes nothing
    void lock.acquire(query, "a");
  });

  test("release takes a mutation's or an action's", () => {
    for (const ctx of [mutation, action]) {
      expectTypeOf(lock.release(ctx, "a", "token")).resolves.toEqualTypeOf<boolean>();
    }
    // @ts-expect-error: a query changes nothing
    void lock.release(query, "a", "token");
  });

  test("assertHeld takes a mutation's alone", () => {
    expectTypeOf(lock.assertHeld(mutation, "a", "token")).resolves.toEqualTypeOf<void>();
    // @ts-expect-error: an action is no transaction
    void lock.assertHeld(action, "a", "token");
    // @ts-expect-error: a query writes nothing
    void lock.assertHeld(query, "a", "token");
    // @ts-expect-error: what `acquire` resolved to may be null
    void lock.assertHeld(mutation, "a", {} as string | null);
  });

  test("withLock takes an action's alone, and returns what the function does", () => {
    const working = lock.withLock(action, "a", (token) => {
      expectTypeOf(token).toEqualTypeOf<string>();
      return 1;
    });
    expectTypeOf(working).resolves.toEqualTypeOf<number>();
    const waiting = lock.withLock(action, "a", () => Promise.resolve("b"), { wait: 1000 });
    expectTypeOf(waiting).resolves.toEqualTypeOf<string>();
    // @ts-expect-error: a mutation is over before a heartbeat
    void lock.withLock(mutation, "a", () => 1);
  });

  test("check and list take any", () => {
    for (const ctx of [query, mutation, action]) {
      expectTypeOf(lock.check(ctx, "a")).resolves.toEqualTypeOf<HeldLock | null>();
      expectTypeOf(lock.list(ctx, { after: "a" })).resolves.toEqualTypeOf<HeldLock[]>();
    }
  });
});

test("a lock needs a name, and its keys are strings", () => {
  // @ts-expect-error: there is no name
  new Lock(component, {});
  // @ts-expect-error: a string is not a number of milliseconds
  new Lock(component, { name: "billing", ttl: "1 hour" });
  // @ts-expect-error: a number is no key
  void lock.check(query, 1);
  new Lock({} as ComponentApi<"otherCache">, { name: "billing", ttl: 1000 });
});
