/**
 * A simulation of callers of one cache, under virtual time, checked after each
 * step against an in-memory model of what they may be given.
 */
import { expect } from "vitest";
import type { FillResult, Settlement } from "../shared/fillProtocol.js";
import type { ActionContext, MutationContext } from "../client/contexts.js";
import {
  ActionCache,
  type ActionCacheConfig,
  invalidateTags,
  removeAll,
  removeAllForTenant,
} from "../client/index.js";
import { type Compute, compute, component, createApp } from "./app.js";
import { advance } from "./time.js";

/** What a mutation may do to entries. */
export type Change =
  | "put"
  | "remove"
  | "expire"
  | "tag"
  | "commonTag"
  | "tagExpire"
  | "clearName"
  | "clearEverything"
  | "clearTenant"
  | "clearTenantsName";

/** What happens next. Keys and runs are picked by number, modulo how many there are. */
export type Step =
  | { kind: "fetch" | "force"; key: number }
  | { kind: "change"; change: Change; key: number; rollsBack: boolean }
  | { kind: "finish" | "fail" | "crash"; run: number }
  | { kind: "wait"; ms: number }
  | { kind: "purge" };

/** One run of the action. */
type Run = {
  id: number;
  key: number;
  /** Its place in the order of all events. */
  began: number;
  holder: Caller;
  end: (how: "finish" | "fail") => void;
  state: "running" | "finished" | "failed" | "crashed";
  /** Whether its lease may be given to another while it runs. */
  voided: boolean;
  /** Whether it will turn out, when it ends, that nobody else may have its value. */
  doomed: boolean;
};

/** One fetch that has not been answered. */
type Caller = {
  key: number;
  force: boolean;
  began: number;
  /** How often a fill that it may have waited for was voided. */
  setbacks: number;
  crash: () => void;
  crashed: boolean;
  runs: number;
};

type Call = (...args: never[]) => Promise<unknown>;

/** The entries of two keys, and that of the first for a tenant. */
const KEYS = 3;
const TENANTS_KEY = 2;
const TENANT = "tenant";
const argsOf = (key: number) => ({ key: key % TENANTS_KEY });

/** A value tells where it comes from. */
const valueOf = (run: { id: number; key: number }) => `key ${run.key} run ${run.id}`;

export class Simulation {
  readonly app = createApp();
  readonly #base: ActionCache<Compute>;
  readonly #tenants: ActionCache<Compute>;
  readonly #runs: Run[] = [];
  readonly #callers = new Set<Caller>();
  /** When a value's fill began, in the order of all events. */
  readonly #beganAt = new Map<string, number>();
  readonly #removedAt = new Array<number>(KEYS).fill(-1);
  readonly #expiredAt = new Array<number>(KEYS).fill(-1);
  readonly #storedBegan = new Array<number>(KEYS).fill(-1);
  readonly #problems: string[] = [];
  /** How fills have ended, and what became of them. */
  readonly settled: { result: FillResult; settlement: Settlement }[] = [];
  /** How many puts have been committed. */
  puts = 0;
  #events = 0;
  #values = 0;

  /** @param config - Options of the cache beside those that the model knows of. */
  constructor(config: Partial<ActionCacheConfig<Compute>> = {}) {
    this.#base = new ActionCache<Compute>(component, {
      action: compute,
      name: "simulated",
      tags: ({ args }) => ["common", `key ${String(args.key)}`],
      ...config,
    });
    this.#tenants = this.#base.forTenant(TENANT);
    this.app.upstream.answer = () =>
      new Promise((resolve, reject) => {
        const holder = this.#starting.shift()!;
        const run: Run = {
          id: this.#runs.length,
          key: holder.key,
          began: this.#events++,
          holder,
          state: "running",
          voided: false,
          doomed: false,
          end: (how) => {
            if (how === "finish") resolve(valueOf(run));
            else reject(new Error(valueOf(run)));
          },
        };
        this.#starts(run);
      });
  }

  /** Whose calls to the action are being made, in their order. */
  readonly #starting: Caller[] = [];

  #starts(run: Run): void {
    const rivals = this.#runs.filter(
      ({ key, state, voided, holder }) =>
        key === run.key && state === "running" && !voided && holder.setbacks < 3,
    );
    const { holder } = run;
    holder.runs += 1;
    this.#check(holder.runs === 1, `a caller ran the action ${holder.runs} times`);
    // A forced refresh takes the lease over; whoever lost three fills goes on alone.
    if (holder.force) for (const rival of rivals) this.#void(rival);
    else if (holder.setbacks < 3) {
      this.#check(rivals.length === 0, `run ${run.id} began while ${rivals.length} ran`);
    }
    this.#runs.push(run);
    this.#beganAt.set(valueOf(run), run.began);
  }

  #void(run: Run): void {
    run.voided = true;
    this.#setBack(run);
  }

  /** Whoever waits for a value that is evicted before they have read it loses a fill by it. */
  evicted(): void {
    for (const caller of this.#callers) caller.setbacks += 1;
  }

  #setBack({ key }: Run): void {
    for (const caller of this.#callers) if (caller.key === key) caller.setbacks += 1;
  }

  #cacheOf(key: number): ActionCache<Compute> {
    return key === TENANTS_KEY ? this.#tenants : this.#base;
  }

  #check(holds: boolean, problem: string): void {
    if (!holds) this.#problems.push(problem);
  }

  /** Changes whenever anything happens. */
  readonly #activity = () => this.app.observer.operations + this.#runs.length - this.#callers.size;

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case "fetch":
      case "force":
        this.#fetch(step.key % KEYS, step.kind === "force");
        break;
      case "change":
        await this.#change(step.change, step.key % KEYS, step.rollsBack);
        break;
      case "purge":
        await this.app.t.mutation((ctx) => ctx.runMutation(component.crons.purge, {}));
        break;
      case "wait":
        await advance(step.ms, this.#activity);
        break;
      default:
        this.#end(step);
    }
    await advance(1, this.#activity);
    await this.#checkStored();
    expect(this.#problems).toEqual([]);
  }

  #fetch(key: number, force: boolean): void {
    const caller: Caller = {
      key,
      force,
      began: this.#events++,
      setbacks: 0,
      crashed: false,
      crash: () => {},
      runs: 0,
    };
    this.#callers.add(caller);
    const crashed = new Promise<never>((_, reject) => {
      caller.crash = () => {
        caller.crashed = true;
        reject(new Error("crashed"));
      };
    });
    const fetching = this.app
      .act((ctx) =>
        Promise.race([
          this.#cacheOf(key).fetch(this.#mortal(ctx, caller), argsOf(key), { force }),
          crashed,
        ]),
      )
      .then(
        (value) => this.#answered(caller, "value", value as string),
        (error: Error) => {
          if (!caller.crashed) this.#answered(caller, "error", error.message);
        },
      );
    void fetching.finally(() => this.#callers.delete(caller));
  }

  /** A context that stops doing anything once its caller has crashed. */
  #mortal(ctx: ActionContext, caller: Caller): ActionContext {
    const unlessCrashed =
      (call: Call) =>
      (...args: never[]) =>
        caller.crashed ? new Promise(() => {}) : call(...args);
    const mortal = {
      runQuery: unlessCrashed(ctx.runQuery as unknown as Call),
      runMutation: unlessCrashed(async (...args: never[]) => {
        const answer = await (ctx.runMutation as unknown as Call)(...args);
        const { result } = args[1] as unknown as { result?: FillResult };
        if (result !== undefined) this.settled.push({ result, settlement: answer as Settlement });
        return answer;
      }),
      runAction: unlessCrashed((...args: never[]) => {
        this.#starting.push(caller);
        return (ctx.runAction as unknown as Call)(...args);
      }),
    };
    return mortal as unknown as ActionContext;
  }

  /** Guarantee 3: nobody is given a value whose fill began before an invalidation that he came after. */
  #answered(caller: Caller, kind: "value" | "error", value: string): void {
    const origin = /key (\d+) (?:run|put) \d+/.exec(value);
    this.#check(origin?.[1] === String(caller.key), `a caller for key ${caller.key} got: ${value}`);
    const began = this.#beganAt.get(origin?.[0] ?? "") ?? -1;
    // A fill that fails has no value to take tags from, so no tag can keep its error from anybody.
    if (kind === "error") return;
    for (const invalidated of [this.#removedAt[caller.key]!, this.#expiredAt[caller.key]!]) {
      this.#check(
        began > invalidated || caller.began < invalidated,
        `a caller that came after an invalidation got ${value}, which began before it`,
      );
    }
    this.#check(!caller.force || began > caller.began, `a forced refresh got an older ${value}`);
  }

  /** Changes entries in a mutation. Guarantee 4: one that rolls back has changed nothing. */
  async #change(change: Change, key: number, rollsBack: boolean): Promise<void> {
    const value = `key ${key} put ${this.#values++}`;
    const changing = this.app.t.mutation(async (ctx) => {
      await this.#apply(ctx, change, key, value);
      if (rollsBack) throw new Error("rolled back");
    });
    if (rollsBack) {
      await expect(changing).rejects.toThrow("rolled back");
      return;
    }
    await changing;
    const at = this.#events++;
    if (change === "put") {
      this.#beganAt.set(value, at);
      this.puts += 1;
      return;
    }
    const expires = change === "expire" || change === "tagExpire";
    const knownToClaims = !["tag", "commonTag", "tagExpire"].includes(change);
    for (const affected of this.#reach(change, key)) {
      (expires ? this.#expiredAt : this.#removedAt)[affected] = at;
      if (!expires) this.#storedBegan[affected] = -1;
      for (const run of this.#runs) {
        if (run.key !== affected || run.state !== "running" || run.voided) continue;
        // A fill's tags are known when its value is: until then others wait for it.
        if (knownToClaims) this.#void(run);
        else run.doomed = true;
      }
    }
  }

  async #apply(ctx: MutationContext, change: Change, key: number, value: string): Promise<unknown> {
    const cache = this.#cacheOf(key);
    const args = argsOf(key);
    const tenant = key === TENANTS_KEY ? TENANT : undefined;
    const tag = `key ${args.key}`;
    switch (change) {
      case "put":
        return await cache.put(ctx, args, value);
      case "remove":
        return await cache.remove(ctx, args);
      case "expire":
        return await cache.expire(ctx, args);
      case "tag":
        return await invalidateTags(ctx, component, [tag], { tenant });
      case "commonTag":
        return await invalidateTags(ctx, component, ["common"], { tenant });
      case "tagExpire":
        return await invalidateTags(ctx, component, [tag], { tenant, mode: "expire" });
      case "clearName":
        return await this.#base.removeAllForName(ctx);
      case "clearEverything":
        return await removeAll(ctx, component);
      case "clearTenant":
        return await removeAllForTenant(ctx, component, TENANT);
      case "clearTenantsName":
        return await this.#tenants.removeAllForName(ctx);
    }
  }

  /** The keys whose entries a change concerns. */
  #reach(change: Change, key: number): number[] {
    if (change === "clearName" || change === "clearEverything") return [0, 1, TENANTS_KEY];
    if (change === "clearTenant" || change === "clearTenantsName") return [TENANTS_KEY];
    return change === "commonTag" && key !== TENANTS_KEY ? [0, 1] : [key];
  }

  #end(step: Extract<Step, { run: number }>): void {
    const running = this.#runs.filter(({ state }) => state === "running");
    if (running.length === 0) return;
    const run = running[step.run % running.length]!;
    if (step.kind !== "crash") {
      run.state = step.kind === "finish" ? "finished" : "failed";
      if (run.doomed && !run.voided) this.#setBack(run);
      run.end(step.kind);
      return;
    }
    run.state = "crashed";
    run.holder.crash();
  }

  /** Guarantees 2 and 3, of what is stored. */
  async #checkStored(): Promise<void> {
    for (let key = 0; key < KEYS; key++) {
      const entry = await this.app.t.query((ctx) => this.#cacheOf(key).peek(ctx, argsOf(key)));
      if (entry === null) continue;
      const value = entry.value as string;
      const began = this.#beganAt.get(value) ?? -1;
      this.#check(value.startsWith(`key ${key} `), `stored for key ${key}: ${value}`);
      this.#check(began > this.#removedAt[key]!, `stored after a removal: ${value}`);
      this.#check(began >= this.#storedBegan[key]!, `stored over a later value: ${value}`);
      const stale = entry.expiresAt !== null && entry.expiresAt <= Date.now();
      this.#check(stale === began < this.#expiredAt[key]!, `stale: ${stale}, ${value}`);
      this.#storedBegan[key] = began;
    }
  }

  /** Ends what still runs, and checks that everybody is answered within a lease's time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20 && this.#callers.size > 0; round++) {
      await this.step({ kind: "wait", ms: 5_000 });
      while (this.#runs.some(({ state }) => state === "running")) {
        await this.step({ kind: "finish", run: 0 });
      }
    }
    expect(this.#callers.size, "callers left without an answer").toBe(0);
  }
}
