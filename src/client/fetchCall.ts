import { createFunctionHandle, type FunctionReference } from "convex/server";
import type { Value } from "convex/values";
import { refusal } from "../shared/errors.js";
import { type EntryTimes, type Verdict, verdictOn } from "../shared/freshness.js";
import { identifyByArgs, identifyByKey } from "../shared/key.js";
import type { MutationFetch, ScheduleRequest } from "../shared/fillProtocol.js";
import type { EntryKey, ReadOptions, Runner, Tracking, Wire } from "../shared/protocol.js";
import { storableForm } from "../shared/storing.js";
import { copyOf, refuseUnsendable } from "../shared/wire.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import type { ActionContext } from "./contexts.js";
import { Storing } from "./storing.js";
import { returned } from "./userFunctions.js";
import { checkRefresher } from "./validate.js";

/** What a call says in place of the configuration. */
export type CallOptions = { ttl?: number | null; tags?: readonly string[]; force?: boolean };

/**
 * One call of a cache: the key of its entry, what it asks of the component, its
 * verdict on what is stored, and how its value is stored.
 *
 * It takes the arguments as they are when it is made, as `ctx.runAction` does, and
 * hands copies to the app's functions: whoever changes them, changes nothing here.
 */
export class FetchCall {
  readonly cache: Cache;
  readonly force: boolean;
  /** What Convex refuses these arguments for; null if it takes them. */
  readonly refused: unknown = null;
  /** Whether the `key` function threw, or returned no Convex value. */
  keyFailed = false;
  readonly #args: Value;
  readonly #options: CallOptions;
  #entryKey: Promise<EntryKey> | undefined;

  constructor(cache: Cache, args: unknown, options: CallOptions = {}) {
    this.cache = cache;
    this.force = options.force ?? false;
    this.#options = options;
    this.#args = (args ?? {}) as Value;
    try {
      refuseUnsendable(this.#args);
      this.#args = copyOf(this.#args);
    } catch (error) {
      this.refused = error;
    }
  }

  /** The key of the call's entry. */
  entryKey(): Promise<EntryKey> {
    this.#entryKey ??= this.#identify();
    return this.#entryKey;
  }

  async #identify(): Promise<EntryKey> {
    const { config, name, tenant } = this.cache;
    if (this.refused !== null) {
      throw refusal({
        code: "INVALID_ARGS",
        cache: name,
        option: "an argument",
        value: this.#args,
        says: "none that Convex takes",
        remedy: messageOf(this.refused),
      });
    }
    if (config.key === undefined) return { name, ...(await identifyByArgs(this.#args, tenant)) };
    try {
      const key: unknown = returned(config.key(copyOf(this.#args) as never));
      refuseUnsendable(key);
      return { name, ...(await identifyByKey(key as Value, tenant)) };
    } catch (error) {
      this.keyFailed = true;
      throw error;
    }
  }

  /** Runs the action: by its reference, so that it has the caller's identity and needs no handle. */
  run(ctx: ActionContext): Promise<unknown> {
    return ctx.runAction(this.cache.config.action, this.#args);
  }

  /** What this call makes of an entry. */
  verdict(entry: EntryTimes & { fillMs: number | null }): Verdict {
    return verdictOn(entry, this.readOptions, Date.now(), Math.random());
  }

  /** How this call reads what is stored. */
  get readOptions(): ReadOptions {
    const { config } = this.cache;
    const ttl = this.#ttl;
    return {
      ttl: typeof ttl === "number" ? ttl : null,
      staleWhileRevalidate: config.staleWhileRevalidate ?? 0,
      staleIfError: config.staleIfError ?? 0,
      refreshAhead: config.refreshAhead ?? false,
      errorTtl: config.errorTtl ?? 0,
      ...(config.idleTtl !== undefined && { idleTtl: config.idleTtl }),
    };
  }

  /** What is kept of the entry besides. */
  get #tracking(): Tracking | undefined {
    const { maxEntries, maxBytes, idleTtl } = this.cache.config;
    if (!this.isBounded) return this.figures;
    return { ...this.figures, maxEntries, maxBytes, idleTtl };
  }

  /** Whether eviction needs to know which entries are read. */
  get isBounded(): boolean {
    const { maxEntries, maxBytes, idleTtl } = this.cache.config;
    return (maxEntries ?? maxBytes ?? idleTtl) !== undefined;
  }

  /** Tells the component that figures are kept; absent where they are not. */
  get figures(): { figures: true } | undefined {
    return this.cache.config.stats ? { figures: true } : undefined;
  }

  /** What serving this value saves, in the app's own unit. */
  costOf(value: unknown): number {
    return this.storing.costOf(value);
  }

  get #ttl() {
    return this.#options.ttl !== undefined ? this.#options.ttl : this.cache.config.ttl;
  }

  /** Whether failures are remembered. */
  get failures(): boolean {
    return this.readOptions.errorTtl > 0;
  }

  /** How long an entry is kept after it ceased to be fresh, in ms. */
  get retain(): number {
    const { staleWhileRevalidate, staleIfError } = this.readOptions;
    return Math.max(staleWhileRevalidate, staleIfError);
  }

  /** How this call stores a value. */
  get storing(): Storing {
    return new Storing(this.cache, this.#args, {
      ttl: this.#ttl,
      tags: this.#options.tags,
      retain: this.retain,
      errorTtl: this.readOptions.errorTtl,
      tracking: this.#tracking,
    });
  }

  /** Refuses what can't be filled in the background. */
  checkBackground(because: string): void {
    checkRefresher(this.cache.name, this.cache.config, because);
  }

  /** A request for a background fill; of a reader, with the entry that it saw if any other will do. */
  async scheduleRequest(reader?: { seen?: string }): Promise<ScheduleRequest> {
    const common = await this.#backgroundFill();
    return {
      ...common,
      force: false,
      ...this.figures,
      ...(reader && { ...reader, failures: this.failures }),
    };
  }

  /** A fetch in a mutation. */
  async mutationFetch(): Promise<MutationFetch> {
    const common = await this.#backgroundFill();
    return { ...common, force: this.force, ...this.figures, read: this.readOptions };
  }

  async #backgroundFill(): Promise<EntryKey & { args: Wire; runner: Runner }> {
    // Refuses what no key can be made of.
    const entryKey = await this.entryKey();
    const args = storableForm(this.#args);
    if (typeof args === "string") {
      throw refusal({
        code: "VALUE_TOO_LARGE",
        cache: this.cache.name,
        option: "the arguments",
        value: this.#args,
        says: "too large for a background fill",
        remedy: "Put what is large into file storage, and give the action its id.",
      });
    }
    return { ...entryKey, args, runner: await this.#runner() };
  }

  async #runner(): Promise<Runner> {
    const { action, refresher, log } = this.cache.config;
    if (refresher) return { kind: "app", refresher: await createFunctionHandle(refresher) };
    const handle = await createFunctionHandle(action as FunctionReference<"action">);
    const numbers = this.storing.numbers(this.readOptions.ttl);
    return { kind: "component", action: handle, ...numbers, ...(log === true && { log }) };
  }
}
