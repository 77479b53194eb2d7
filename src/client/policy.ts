import { createFunctionHandle, type FunctionArgs, type FunctionReference } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import type { ComponentApi } from "../component/_generated/component.js";
import { carry, isStorable } from "../shared/carry.js";
import { tooLarge } from "../shared/errors.js";
import type { Storing, Terms } from "../shared/fill.js";
import { type EntryTimes, expiryUnder, shouldRefreshAhead } from "../shared/freshness.js";
import { identifyByArgs, identifyByKey } from "../shared/key.js";
import { MAX_ORIGIN_BYTES } from "../shared/limits.js";
import { type Numbers, storeByNumbers } from "../shared/storing.js";
import { checkRefresher, checkTags, checkTtlGiven } from "./checks.js";
import type { ActionCacheConfig } from "./config.js";
import type { ActionContext } from "./contexts.js";
import type { Place } from "./session.js";

/** A request for a background fill. */
export type ScheduleRequest = FunctionArgs<ComponentApi["fills"]["schedule"]>["requests"][number];

/** A cache's configuration, applied to the arguments of one fetch. */
export class Policy {
  constructor(
    private readonly name: string,
    private readonly config: ActionCacheConfig,
    private readonly args: Record<string, Value>,
    /** What this call says in place of the configuration, and of which tenant. */
    private readonly call: { ttl?: number; tags?: string[]; tenant?: string } = {},
  ) {}

  /** Where the entry of these arguments is. */
  async place(): Promise<Place> {
    const { key } = this.config;
    const { tenant } = this.call;
    const identity = key
      ? await identifyByKey(key(this.args), tenant)
      : await identifyByArgs(this.args, tenant);
    return { name: this.name, ...identity };
  }

  /** Runs the action: by its reference, so that it has the caller's identity and needs no handle. */
  run(ctx: ActionContext): Promise<unknown> {
    return ctx.runAction(this.config.action, this.args);
  }

  /** Decides how a value that was computed is stored. */
  async store(value: unknown): Promise<Storing> {
    if (this.config.shouldCache?.(value, this.args) === false) {
      return { kind: "unstored", reason: "shouldCache returned false" };
    }
    const storing = storeByNumbers(value as Value, this.#numbers(this.ttlOf(value)));
    if (storing.kind === "unstored") return storing;
    return { kind: "value", terms: { ...storing.terms, ...(await this.#labels(value)) } };
  }

  /** How a value that is put is stored; refuses one that can't be. */
  async terms(value: unknown): Promise<Terms> {
    const storing = storeByNumbers(value as Value, this.#numbers(this.ttlOf(value)));
    if (storing.kind === "unstored") throw tooLarge(this.name);
    return { ...storing.terms, ...(await this.#labels(value)) };
  }

  /** The tags of an entry, and how it can be filled again when they are invalidated. */
  async #labels(value: unknown): Promise<Pick<Terms, "tags" | "origin">> {
    const { refresher } = this.config;
    const configured = this.config.tags?.(this.args, value);
    const tags = this.call.tags ?? configured;
    if (tags === undefined) return {};
    checkTags(this.name, "the result of `tags`", tags);
    if (tags.length === 0) return {};
    const distinct = [...new Set(tags)];
    if (!refresher || getConvexSize(this.args) > MAX_ORIGIN_BYTES) return { tags: distinct };
    const runner = { kind: "app" as const, refresher: await createFunctionHandle(refresher) };
    return { tags: distinct, origin: { args: carry(this.args), runner } };
  }

  /** How long a value is fresh by itself, in ms; null for ever. */
  ttlOf(value: unknown): number | null {
    const configured = this.call.ttl ?? this.config.ttl ?? null;
    const ttl = typeof configured === "function" ? configured(value, this.args) : configured;
    checkTtlGiven(this.name, "the result of `ttl`", ttl);
    return ttl;
  }

  /** How long an entry is kept after it ceased to be fresh, in ms. */
  get retain(): number {
    return Math.max(this.staleWhileRevalidate, this.config.staleIfError ?? 0);
  }

  /** How long a value is served after its ttl while it is refreshed, in ms. */
  get staleWhileRevalidate(): number {
    return this.config.staleWhileRevalidate ?? 0;
  }

  /** How long a failure is remembered, in ms. */
  get errorTtl(): number {
    return this.config.errorTtl ?? 0;
  }

  /** When an entry ceases to be fresh for this fetch, in ms; infinite for never. */
  expiryOf(entry: EntryTimes): number {
    return expiryUnder(entry, this.#readTtl);
  }

  /** When an entry may no longer be served while it is refreshed, in ms. */
  staleUntil(entry: EntryTimes): number {
    return this.expiryOf(entry) + this.staleWhileRevalidate;
  }

  /** When an entry may no longer be served because the action throws, in ms. */
  staleIfErrorUntil(entry: EntryTimes): number {
    return this.expiryOf(entry) + (this.config.staleIfError ?? 0);
  }

  /** Whether a stale value may be served when the action throws. */
  get servesOnError(): boolean {
    return (this.config.staleIfError ?? 0) > 0;
  }

  /** Whether this reader of a fresh entry is the one to refresh it ahead of its expiry. */
  refreshesAhead(entry: EntryTimes & { fillMs: number | null }): boolean {
    if (!this.config.refreshAhead) return false;
    return shouldRefreshAhead(entry, this.expiryOf(entry), Date.now(), Math.random());
  }

  /** Refuses what can't be filled in the background. */
  checkBackground(because: string): void {
    checkRefresher(this.name, this.config, because);
  }

  /** What a background fill of the entry at a place needs. */
  async schedule(placing: Promise<Place>, force: boolean): Promise<ScheduleRequest> {
    if (!isStorable(this.args)) throw tooLarge(this.name, "the arguments to refresh by");
    const args = carry(this.args);
    return { ...(await placing), force, args, runner: await this.#runner() };
  }

  async #runner(): Promise<ScheduleRequest["runner"]> {
    const { action, refresher } = this.config;
    if (refresher) return { kind: "app", refresher: await createFunctionHandle(refresher) };
    const ttl = this.#readTtl;
    return {
      kind: "component",
      action: await createFunctionHandle(action as FunctionReference<"action">),
      ...this.#numbers(ttl),
    };
  }

  #numbers(ttl: number | null): Numbers {
    const { jitter = 0 } = this.config;
    return { ttl, jitter, retain: this.retain, errorTtl: this.errorTtl };
  }

  /** The ttl that a stored entry is judged by, beside its own, in ms; null for none. */
  get #readTtl(): number | null {
    const ttl = this.call.ttl ?? this.config.ttl;
    return typeof ttl === "number" ? ttl : null;
  }
}
