/**
 * A simulation of callers of one cache, under virtual time, checked after each
 * step against an in-memory model of what they may be given.
 */
import { expect } from "vitest";
import type { ActionContext, MutationContext } from "../client/contexts.js";
import { invalidateTags, removeAll, removeAllForTenant } from "../client/index.js";
import { component } from "./app.js";
import { type Caller, type Run, TENANTS_KEY, valueOf } from "./simulatedRuns.js";
import { type Form, type SimulatedForm, simulatedForm, type Tracked } from "./simulatedForms.js";
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
  | { kind: "fetchAll"; keys: number[] }
  | { kind: "change"; change: Change; key: number; rollsBack: boolean }
  | { kind: "finish" | "fail" | "unmodified" | "crash"; run: number }
  | { kind: "wait"; ms: number }
  | { kind: "purge" };

/** The entries of two keys, and that of the first for a tenant. */
const KEYS = 3;
const TENANT = "tenant";

export class Simulation {
  readonly #form: SimulatedForm;
  readonly #base: SimulatedForm["cache"];
  readonly #tenants: SimulatedForm["cache"];
  readonly app: SimulatedForm["app"];
  readonly #runs: Run[] = [];
  readonly #callers = new Set<Caller>();
  /** When a value's fill began, in the order of all events. */
  readonly #beganAt = new Map<string, number>();
  readonly #removedAt = new Array<number>(KEYS).fill(-1);
  readonly #expiredAt = new Array<number>(KEYS).fill(-1);
  readonly #storedBegan = new Array<number>(KEYS).fill(-1);
  readonly #problems: string[] = [];
  /** How fills have ended, and what became of them. */
  readonly settled: SimulatedForm["settled"];
  /** How many puts have been committed. */
  puts = 0;
  #events = 0;
  #values = 0;

  /**
   * @param form - What fills the cache: an action, a batch action, or the callers inline.
   * @param tracked - Its figures and bounds.
   */
  constructor(form: Form = "action", tracked: Tracked = {}) {
    const begin = (holders: Caller[], previous?: string) => this.#begin(holders, previous);
    this.#form = simulatedForm(form, begin, tracked);
    this.settled = this.#form.settled;
    this.app = this.#form.app;
    this.#base = this.#form.cache;
    this.#tenants = this.#base.forTenant(TENANT);
  }

  /** Begins a run for each of these callers, who share a call; resolves when all of them have ended. */
  #begin(holders: Caller[], previous?: string): Promise<Run[]> {
    return new Promise((resolve) => {
      const together: Run[] = [];
      for (const holder of holders) {
        const run: Run = {
          id: this.#runs.length,
          key: holder.key,
          began: this.#events++,
          holder,
          previous,
          how: undefined,
          together,
          state: "running",
          endedAt: -1,
          voided: false,
          doomed: false,
          isUseless: false,
          end: () => resolve(together),
        };
        together.push(run);
        this.#starts(run);
      }
    });
  }

  #starts(run: Run): void {
    const rivals = this.#runs.filter(
      ({ key, state, voided, holder }) =>
        key === run.key && state === "running" && !voided && holder.setbacks < 3,
    );
    const { holder, previous } = run;
    holder.runs += 1;
    this.#check(holder.runs === 1, `a caller ran the action ${holder.runs} times`);
    // Guarantee 3: nothing is computed from what was invalidated.
    if (previous !== undefined) {
      const began = this.#beganAt.get(previous) ?? -1;
      this.#check(began > this.#removedAt[run.key]!, `handed over after a removal: ${previous}`);
    }
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

  /** Whoever has not yet looked at how a run ended finds its value gone or stale. */
  #setBackTheLate(key: number): void {
    for (const caller of this.#callers) {
      const isLate = this.#runs.some((run) => run.key === key && run.endedAt > caller.began);
      if (caller.key === key && isLate) caller.setbacks += 1;
    }
  }

  #cacheOf(key: number): SimulatedForm["cache"] {
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
        this.#fetch([step.key % KEYS], step.kind === "force");
        break;
      case "fetchAll":
        this.#fetch(
          step.keys.map((key) => key % KEYS),
          false,
        );
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

  /** Fetches entries at once, in one context. */
  #fetch(keys: number[], force: boolean): void {
    const callers = keys.map((key): Caller => ({
      key,
      force,
      began: this.#events++,
      setbacks: 0,
      crashed: false,
      crash: () => {},
      runs: 0,
    }));
    const crashed = new Promise<never>((_, reject) => {
      for (const caller of callers) {
        caller.crash = () => {
          for (const each of callers) each.crashed = true;
          reject(new Error("crashed"));
        };
      }
    });
    crashed.catch(() => {});
    const fetching = this.app.act((ctx) => {
      const context = this.#form.contextOf(ctx, callers);
      const fetches = callers.map((caller) => this.#fetchOne(context, caller, crashed));
      return Promise.all(fetches).then(() => null);
    });
    fetching.catch(() => {});
  }

  async #fetchOne(ctx: ActionContext, caller: Caller, crashed: Promise<never>): Promise<void> {
    const { key, force } = caller;
    this.#callers.add(caller);
    const value = this.#cacheOf(key).fetch(ctx, this.#form.argsOf(key), { force });
    try {
      this.#answered(caller, "value", (await Promise.race([value, crashed])) as string);
    } catch (error) {
      if (!caller.crashed) this.#answered(caller, "error", (error as Error).message);
    }
    this.#callers.delete(caller);
  }

  /** Guarantee 3: nobody is given a value whose fill began before an invalidation that he came after. */
  #answered(caller: Caller, kind: "value" | "error", value: string): void {
    const origin = /key (\d+) (?:run|put) \d+/.exec(value);
    this.#check(origin?.[1] === String(caller.key), `a caller for key ${caller.key} got: ${value}`);
    // Whoever found a value unmodified has it as of then, whatever became of it in the cache.
    const own = this.#runs.find(({ holder, previous }) => holder === caller && previous === value);
    const began = own?.began ?? this.#beganAt.get(origin?.[0] ?? "") ?? -1;
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
    const expires = change === "expire" || change === "tagExpire";
    if (change === "put" || expires) {
      // Nobody who waits can use what is stale at once, or older than what is stored.
      for (const run of this.#runs) if (run.key === key) run.isUseless = true;
    }
    if (change === "put") {
      this.puts += 1;
      this.#beganAt.set(value, at);
      return;
    }
    const knownToClaims = !["tag", "commonTag", "tagExpire"].includes(change);
    for (const affected of this.#reach(change, key)) {
      this.#setBackTheLate(affected);
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
    const args = this.#form.argsOf(key);
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
    const running = this.#runs.filter(({ state, how }) => state === "running" && !how);
    if (running.length === 0) return;
    const run = running[step.run % running.length]!;
    const { together } = run;
    if (step.kind === "crash") {
      run.holder.crash();
      for (const each of this.#runs) {
        if (!each.holder.crashed || each.state !== "running") continue;
        each.state = "crashed";
        this.#setBack(each);
      }
      return;
    }
    const keeps = step.kind === "unmodified" && run.previous !== undefined;
    run.how = keeps ? "unmodified" : step.kind === "fail" ? "fail" : "finish";
    if (together.some(({ how }) => how === undefined)) return;
    for (const each of together) {
      each.state = "ended";
      each.endedAt = this.#events++;
      if ((each.doomed || each.isUseless) && !each.voided) this.#setBack(each);
      if (each.how === "unmodified") this.#keeps(each);
    }
    run.end();
  }

  /** A value that was found unmodified counts as of that fill, unless it was invalidated or replaced. */
  #keeps({ key, began, previous = "", voided, doomed }: Run): void {
    const beganBefore = this.#beganAt.get(previous)!;
    const isStored = this.#storedBegan[key] === beganBefore;
    if (!voided && !doomed && isStored && beganBefore < began) this.#beganAt.set(previous, began);
  }

  /** Guarantees 2 and 3, of what is stored. */
  async #checkStored(): Promise<void> {
    for (let key = 0; key < KEYS; key++) {
      const entry = await this.app.t.query((ctx) =>
        this.#cacheOf(key).peek(ctx, this.#form.argsOf(key)),
      );
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
