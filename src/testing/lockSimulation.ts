/**
 * A simulation of the owners of locks, under virtual time and a clock that jumps,
 * checked after each step against an in-memory model of who may write.
 */
import { getFunctionAddress } from "convex/server";
import { expect, vi } from "vitest";
import { QUIET_MS } from "../component/model/gc/due.js";
import type { ActionContext } from "../client/contexts.js";
import { component, createApp } from "./app.js";
import { createLock, TTL } from "./locked.js";
import { advance } from "./time.js";

/** What happens next. Owners are picked by number, modulo how many there were; the last is 0. */
export type LockStep =
  | { kind: "acquire"; key: number; rollsBack: boolean }
  | { kind: "wait for" | "work"; key: number; wait: number }
  | { kind: "write" | "finish" | "crash" | "hand over"; owner: number }
  | { kind: "release"; owner: number; rollsBack: boolean }
  | { kind: "pass" | "jump"; ms: number }
  | { kind: "purge" };

/** Somebody who was given a token. */
type Owner = {
  key: number;
  token: string;
  /** When the lock lapses, by the component's clock. */
  deadline: number;
  /** When that last moved, by the timers. */
  renewedAt: number;
  /** Whether it was released, taken over or purged: it never holds again. */
  ended: boolean;
  /** The fenced counter, as this owner knows it. */
  seen: number;
  task?: Task;
};

/** An action that waits for a lock, or works under one. */
type Task = { crashed: boolean; done: boolean; finish: () => void };

type Call = (reference: never, args: { token: string; tokens: string[] }) => Promise<unknown>;

const KEYS = 2;
const keyOf = (key: number) => `key ${key}`;

export class LockSimulation {
  readonly #app = createApp();
  readonly #lock = createLock();
  readonly #owners: Owner[] = [];
  readonly #tasks: Task[] = [];
  /** What the locks protect, and how often it was written: the same, unless a write was lost. */
  readonly #counters = new Array<number>(KEYS).fill(0);
  readonly #writes = new Array<number>(KEYS).fill(0);
  readonly #problems: string[] = [];
  /** The time by the timers; the clock is off by an offset. */
  readonly #time = Date.now.bind(Date);
  #offset = 0;
  #isSettling = false;

  constructor() {
    vi.spyOn(Date, "now").mockImplementation(() => this.#time() + this.#offset);
  }

  readonly #activity = () => this.#app.observer.operations + this.#owners.length;

  #check(holds: boolean, problem: string): void {
    if (!holds) this.#problems.push(problem);
  }

  async step(step: LockStep): Promise<void> {
    switch (step.kind) {
      case "acquire":
        await this.#acquire(step.key % KEYS, step.rollsBack);
        break;
      case "wait for":
      case "work":
        this.#start(step.key % KEYS, step.wait, step.kind === "work");
        break;
      case "pass":
        await advance(step.ms, this.#activity);
        break;
      case "jump":
        this.#offset += step.ms;
        break;
      case "purge":
        await this.#app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
        break;
      default: {
        const owner = this.#owners.at(-1 - (step.owner % Math.max(1, this.#owners.length)));
        if (owner !== undefined) await this.#ofOwner(owner, step);
      }
    }
    await advance(1, this.#activity);
    await this.#checkPurged();
    expect(this.#counters, "each write is counted").toEqual(this.#writes);
    expect(this.#problems).toEqual([]);
  }

  async #ofOwner(owner: Owner, step: Extract<LockStep, { owner: number }>): Promise<void> {
    switch (step.kind) {
      case "write":
        return await this.#write(owner);
      case "release":
        return await this.#release(owner, step.rollsBack);
      case "hand over":
        return await this.#handOver(owner);
      case "finish":
        return owner.task?.finish();
      case "crash":
        if (owner.task) owner.task.crashed = true;
    }
  }

  /** By the component's clock. */
  #holds({ ended, deadline }: Owner): boolean {
    return !ended && Date.now() < deadline;
  }

  #holderOf(key: number): Owner | undefined {
    return this.#owners.find((owner) => owner.key === key && this.#holds(owner));
  }

  /** Two never hold a lock at once, short of a lapse: by the clock, or by timers of a whole ttl. */
  #acquired(key: number, token: string, task?: Task): void {
    for (const other of this.#owners.filter((owner) => owner.key === key && !owner.ended)) {
      const hasLapsed = !this.#holds(other) || this.#time() - other.renewedAt >= TTL;
      this.#check(hasLapsed, `${token} and ${other.token} hold key ${key} at once`);
      other.ended = true;
    }
    const deadline = Date.now() + TTL;
    const seen = this.#counters[key]!;
    const renewedAt = this.#time();
    this.#owners.push({ key, token, deadline, renewedAt, ended: false, seen, task });
  }

  async #acquire(key: number, rollsBack: boolean): Promise<void> {
    const holder = this.#holderOf(key);
    let token: string | null = null;
    const acquiring = this.#app.t.mutation(async (ctx) => {
      token = await this.#lock.acquire(ctx, keyOf(key));
      if (rollsBack) throw new Error("rolled back");
    });
    if (rollsBack) await expect(acquiring).rejects.toThrow("rolled back");
    await acquiring.catch(() => {});
    this.#check((token === null) === (holder !== undefined), `acquired ${token} of key ${key}`);
    if (token !== null && !rollsBack) this.#acquired(key, token);
  }

  /** Waits for a lock in an action, or works under it until that is finished. */
  #start(key: number, wait: number, works: boolean): void {
    const task: Task = { crashed: false, done: false, finish: () => {} };
    this.#tasks.push(task);
    const working = this.#app.act(async (ctx) => {
      const mortal = this.#mortal(ctx, task);
      if (!works) {
        const token = await this.#lock.acquire(mortal, keyOf(key), { wait });
        if (token !== null) this.#acquired(key, token);
        return null;
      }
      const work = (token: string) => {
        this.#acquired(key, token, task);
        if (this.#isSettling) return null;
        return new Promise<null>((resolve) => (task.finish = () => resolve(null)));
      };
      return await this.#lock.withLock(mortal, keyOf(key), work, { wait });
    });
    void working
      .catch((error: Error) => this.#check(/LOCK_NOT_ACQUIRED/.test(error.message), error.message))
      .finally(() => (task.done = true));
  }

  /** A context that stops doing anything once its action has crashed, and tells of heartbeats and releases. */
  #mortal(ctx: ActionContext, task: Task): ActionContext {
    const mortal =
      (call: Call): Call =>
      async (reference, args) => {
        if (task.crashed) return await new Promise(() => {});
        const result = await call(reference, args);
        const address = getFunctionAddress(reference).reference ?? "";
        for (const owner of this.#owners) {
          if (address.endsWith("heartbeat") && (result as string[]).includes(owner.token)) {
            this.#check(!owner.ended, `${owner.token} is renewed though it has ended`);
            owner.deadline = Math.max(Date.now() + TTL, owner.deadline + 1);
            owner.renewedAt = this.#time();
          }
          if (address.endsWith("release") && args.token === owner.token) {
            this.#check(result === this.#holds(owner), `the release of ${owner.token}`);
            owner.ended = true;
          }
        }
        return result;
      };
    return {
      ...ctx,
      runQuery: mortal(ctx.runQuery as never),
      runMutation: mortal(ctx.runMutation as never),
    } as ActionContext;
  }

  /** Only who holds the lock writes: neither one that has lapsed, nor one that was followed. */
  async #write(owner: Owner): Promise<void> {
    const writing = this.#app.t.mutation(async (ctx) => {
      await this.#lock.assertHeld(ctx, keyOf(owner.key), owner.token);
    });
    const commits = await writing.then(
      () => true,
      () => false,
    );
    this.#check(commits === this.#holds(owner), `${owner.token} writes: ${commits}`);
    if (!commits) return;
    this.#writes[owner.key]! += 1;
    this.#counters[owner.key] = owner.seen += 1;
  }

  async #release(owner: Owner, rollsBack: boolean): Promise<void> {
    const holds = this.#holds(owner);
    let released: boolean | undefined;
    const releasing = this.#app.t.mutation(async (ctx) => {
      released = await this.#lock.release(ctx, keyOf(owner.key), owner.token);
      if (rollsBack) throw new Error("rolled back");
    });
    await releasing.catch(() => {});
    this.#check(released === holds, `${owner.token} is released: ${released}`);
    if (!rollsBack) owner.ended = true;
  }

  /** Releases and acquires a lock in one transaction. */
  async #handOver({ key, token }: Owner): Promise<void> {
    const owner = this.#owners.find((other) => other.token === token)!;
    const holds = this.#holds(owner);
    const next = await this.#app.t.mutation(async (ctx) => {
      expect(await this.#lock.release(ctx, keyOf(key), token)).toBe(holds);
      return await this.#lock.acquire(ctx, keyOf(key));
    });
    owner.ended = true;
    this.#check((next === null) === (this.#holderOf(key) !== undefined), `handed over: ${next}`);
    if (next !== null) this.#acquired(key, next);
  }

  /** Housekeeping deletes what has lapsed long ago, and nothing else. */
  async #checkPurged(): Promise<void> {
    const tokens = (await this.#app.stored()).locks.map(({ _id }) => String(_id));
    for (const owner of this.#owners) {
      if (owner.ended || tokens.includes(owner.token)) continue;
      this.#check(owner.deadline <= Date.now() - QUIET_MS, `${owner.token} is purged`);
      owner.ended = true;
    }
  }

  /** Crashes all owners, and checks that every wait comes to an end, and every lock is free after its ttl. */
  async settle(): Promise<void> {
    this.#isSettling = true;
    for (const owner of this.#owners) if (owner.task) owner.task.crashed = true;
    for (let key = 0; key < KEYS; key++) {
      const acquiring = this.#app.act((ctx) =>
        this.#lock.acquire(ctx, keyOf(key), { wait: 10 * TTL }),
      );
      await advance(11 * TTL, this.#activity);
      expect(await acquiring, `the lock of key ${key} stays held`).not.toBeNull();
    }
    expect(this.#tasks.filter(({ crashed, done }) => !crashed && !done)).toEqual([]);
  }
}
