/**
 * A simulation of callers of one cache, under virtual time, checked after each
 * step against an in-memory model of what they may be given.
 */
import { expect } from "vitest";
import { ActionCache } from "../client/index.js";
import type { ActionContext } from "../client/contexts.js";
import { type Compute, compute, component, createApp } from "./app.js";
import { advance } from "./time.js";

/** What happens next. Keys and runs are picked by number, modulo how many there are. */
export type Step =
  | { kind: "fetch" | "force" | "put" | "remove"; key: number }
  | { kind: "finish" | "fail" | "crash"; run: number }
  | { kind: "wait"; ms: number };

/** One run of the action. */
type Run = {
  id: number;
  key: number;
  /** Its place in the order of all events. */
  began: number;
  holder: Caller;
  end: (how: "finish" | "fail") => void;
  state: "running" | "finished" | "failed" | "crashed";
  /** Whether a removal, a forced refresh or a lapse took its lease. */
  voided: boolean;
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

const KEYS = 2;
const argsOf = (key: number) => ({ key });

/** A value tells where it comes from. */
const valueOf = (run: { id: number; key: number }) => `key ${run.key} run ${run.id}`;

export class Simulation {
  readonly #app = createApp();
  readonly #cache = new ActionCache<Compute>(component, { action: compute, name: "simulated" });
  readonly #runs: Run[] = [];
  readonly #callers = new Set<Caller>();
  /** When a value's fill began, in the order of all events. */
  readonly #beganAt = new Map<string, number>();
  readonly #removedAt = new Array<number>(KEYS).fill(-1);
  readonly #storedBegan = new Array<number>(KEYS).fill(-1);
  readonly #problems: string[] = [];
  #events = 0;
  #values = 0;

  constructor() {
    this.#app.upstream.answer = (args) =>
      new Promise((resolve, reject) => {
        const key = args.key as number;
        const run: Run = {
          id: this.#runs.length,
          key,
          began: this.#events++,
          holder: this.#starting.shift()!,
          state: "running",
          voided: false,
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
    // A forced refresh takes the lease over; whoever lost three fills goes on by himself.
    if (holder.force) for (const rival of rivals) this.#void(rival);
    else if (holder.setbacks < 3) {
      this.#check(rivals.length === 0, `run ${run.id} began while ${rivals.length} ran`);
    }
    this.#runs.push(run);
    this.#beganAt.set(valueOf(run), run.began);
  }

  #void(run: Run): void {
    run.voided = true;
    for (const caller of this.#callers) if (caller.key === run.key) caller.setbacks += 1;
  }

  #check(holds: boolean, problem: string): void {
    if (!holds) this.#problems.push(problem);
  }

  /** Changes whenever anything happens. */
  readonly #activity = () => this.#app.observer.operations + this.#runs.length - this.#callers.size;

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case "fetch":
      case "force":
        this.#fetch(step.key % KEYS, step.kind === "force");
        break;
      case "put":
        await this.#put(step.key % KEYS);
        break;
      case "remove":
        await this.#remove(step.key % KEYS);
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
    const fetching = this.#app
      .act((ctx) =>
        Promise.race([
          this.#cache.fetch(this.#mortal(ctx, caller), argsOf(key), { force }),
          crashed,
        ]),
      )
      .then(
        (value) => this.#answered(caller, value as string),
        (error: Error) => {
          if (!caller.crashed) this.#answered(caller, error.message);
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
      runMutation: unlessCrashed(ctx.runMutation as unknown as Call),
      runAction: unlessCrashed((...args: never[]) => {
        this.#starting.push(caller);
        return (ctx.runAction as unknown as Call)(...args);
      }),
    };
    return mortal as unknown as ActionContext;
  }

  /** Guarantee 3: nobody is given a value whose fill began before a removal that he came after. */
  #answered(caller: Caller, value: string): void {
    const origin = /key (\d+) (?:run|put) \d+/.exec(value);
    this.#check(origin?.[1] === String(caller.key), `a caller for key ${caller.key} got: ${value}`);
    const began = this.#beganAt.get(origin?.[0] ?? "") ?? -1;
    const removed = this.#removedAt[caller.key]!;
    this.#check(
      began > removed || caller.began < removed,
      `a caller that came after a removal got ${value}, which began before it`,
    );
    this.#check(!caller.force || began > caller.began, `a forced refresh got an older ${value}`);
  }

  async #put(key: number): Promise<void> {
    const value = `key ${key} put ${this.#values++}`;
    await this.#app.t.mutation((ctx) => this.#cache.put(ctx, argsOf(key), value));
    this.#beganAt.set(value, this.#events++);
  }

  async #remove(key: number): Promise<void> {
    await this.#app.t.mutation((ctx) => this.#cache.remove(ctx, argsOf(key)));
    this.#removedAt[key] = this.#events++;
    this.#storedBegan[key] = -1;
    for (const run of this.#runs) {
      if (run.key === key && run.state === "running" && !run.voided) this.#void(run);
    }
  }

  #end(step: Extract<Step, { run: number }>): void {
    const running = this.#runs.filter(({ state }) => state === "running");
    if (running.length === 0) return;
    const run = running[step.run % running.length]!;
    if (step.kind !== "crash") {
      run.state = step.kind === "finish" ? "finished" : "failed";
      run.end(step.kind);
      return;
    }
    run.state = "crashed";
    run.holder.crash();
  }

  /** Guarantees 2 and 3, of what is stored. */
  async #checkStored(): Promise<void> {
    const { values } = await this.#app.stored();
    for (const { args, value } of values) {
      const { key } = args as { key: number };
      const began = this.#beganAt.get(value as string) ?? -1;
      this.#check(began > this.#removedAt[key]!, `stored after a removal: ${String(value)}`);
      this.#check(began >= this.#storedBegan[key]!, `stored over a later value: ${String(value)}`);
      this.#storedBegan[key] = began;
    }
    const keys = values.map(({ args }) => (args as { key: number }).key);
    this.#check(new Set(keys).size === keys.length, "an entry was stored twice");
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
