/** An app for tests of locks: each of a lock's methods in a function of its own. */
import { Lock } from "../client/index.js";
import { SECOND } from "../shared/time.js";
import { component, createApp } from "./app.js";

/** How long the lock of tests holds without a heartbeat. */
export const TTL = 20 * SECOND;

export const createLock = (ttl = TTL) => new Lock(component, { name: "billing", ttl });

export function createLocked(app = createApp()) {
  const { t, act } = app;
  const lock = createLock();
  return {
    ...app,
    lock,
    acquire: (key = "a") => t.mutation((ctx) => lock.acquire(ctx, key)),
    release: (token: string, key = "a") => t.mutation((ctx) => lock.release(ctx, key, token)),
    /** Asserts the lock in a mutation that would write. */
    write: (token: string, key = "a") =>
      t.mutation(async (ctx) => {
        await lock.assertHeld(ctx, key, token);
        return "written";
      }),
    check: (key = "a") => t.query((ctx) => lock.check(ctx, key)),
    list: (after?: string) => t.query((ctx) => lock.list(ctx, { after })),
    /** Waits for the lock in an action. */
    waitFor: (wait: number) => act((ctx) => lock.acquire(ctx, "a", { wait })),
    /** Works under the lock until it is ended. */
    hold: () => {
      const held = { token: "", end: () => {} };
      const working = act((ctx) =>
        lock.withLock(ctx, "a", (token) => {
          held.token = token;
          return new Promise<string>((resolve) => (held.end = () => resolve("done")));
        }),
      );
      return { held, working };
    },
  };
}
