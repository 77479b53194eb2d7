/** An app that caches an action, with ours installed or with 0.3.1. */
import { convexTest, type TestConvex } from "convex-test";
import {
  componentsGeneric,
  defineSchema,
  type FunctionReference,
  type GenericMutationCtx,
  internalActionGeneric,
  makeFunctionReference,
} from "convex/server";
import { v, type Value } from "convex/values";
import type { ComponentApi as LegacyApi } from "action-cache-0.3.1/_generated/component.js";
import type { ActionContext, MutationContext } from "../src/client/contexts.js";
import type { DataModel } from "../src/component/_generated/dataModel.js";
import type { Modules } from "../src/testing/functions.js";
import { observe, Observer } from "../src/testing/syscalls.js";
import { Account } from "./account.js";
import type { Schema } from "./conflicts.js";

type Args = { city: string };
type Compute = FunctionReference<"action", "internal", Args, Value>;

/** The cached action. */
const compute = makeFunctionReference<"action">("upstream:compute") as unknown as Compute;

/** The component's functions that both versions have. */
export const shared = componentsGeneric().actionCache as unknown as LegacyApi;

/** What an app uses of either version. */
export interface Cache {
  name: string;
  fetch(
    ctx: ActionContext,
    args: Args,
    options?: { force?: boolean; ttl?: number },
  ): Promise<unknown>;
  remove(ctx: MutationContext, args: Args): Promise<unknown>;
  removeAllForName(ctx: MutationContext): Promise<unknown>;
}

/** One of the two versions. */
export interface Subject {
  schema: Schema;
  modules: Modules;
  cache(config: { action: Compute; name: string; ttl: number }): Cache;
  /** Writes an entry straight to the tables. */
  writeEntry(
    ctx: GenericMutationCtx<DataModel>,
    entry: { name: string; args: Value; value: Value; expiresAt: number },
  ): Promise<unknown>;
}

/** The same for both, and longer than any measurement. */
export const TTL = 24 * 60 * 60 * 1000;

/** An app of its own for each measurement, so that none finds what another left. */
export class App {
  readonly t: TestConvex<ReturnType<typeof defineSchema>>;
  readonly observer = new Observer();
  readonly account: Account;
  readonly cache: Cache;
  /** What the action returns. */
  answer: () => Value | Promise<Value> = () => null;

  constructor(readonly subject: Subject) {
    const { observer } = this;
    const upstream = internalActionGeneric({
      args: { city: v.string() },
      handler: () => this.answer(),
    });
    const computeAll = internalActionGeneric({
      args: { items: v.array(v.object({ city: v.string() })) },
      handler: (_, { items }) => Promise.all(items.map(async () => await this.answer())),
    });
    this.t = convexTest({
      schema: defineSchema({}),
      modules: observer.observed({
        "./_generated/api.js": () => Promise.resolve({}),
        "./upstream.ts": () => Promise.resolve({ compute: upstream, computeAll }),
      }),
      transactionLimits: true,
    });
    this.t.registerComponent("actionCache", subject.schema, observer.observed(subject.modules));
    observe(observer);
    this.account = new Account(subject.schema, observer);
    this.cache = subject.cache({ action: compute, name: "bench", ttl: TTL });
  }

  /** Runs something in an action of its own, which does not count itself. */
  act<T>(work: (ctx: ActionContext) => Promise<T>): Promise<T> {
    return this.t.action(work);
  }

  fetch(city: string, options?: { force?: boolean }): Promise<unknown> {
    return this.act((ctx) => this.cache.fetch(ctx, { city }, options));
  }

  /** Whether a reader is served an entry, asked through what both versions have. */
  async serves(city: string): Promise<boolean> {
    const args = { name: this.cache.name, args: { city }, ttl: null };
    return (await this.t.query(shared.lib.get, args)).kind === "hit";
  }

  /** Reads or writes the component's own tables. */
  readonly inComponent = <T>(
    handler: (ctx: GenericMutationCtx<DataModel>) => Promise<T>,
  ): Promise<T> =>
    (
      this.t as unknown as {
        runInComponent: (path: string, handler: unknown) => Promise<T>;
      }
    ).runInComponent("actionCache", handler);
}
