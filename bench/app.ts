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
import type { ComponentApi as PeerApi } from "action-cache-0.3.1/_generated/component.js";
import type { ActionContext } from "../src/client/contexts.js";
import type { DataModel } from "../src/component/_generated/dataModel.js";
import type { Schema } from "./conflicts.js";
import { Ledger } from "./ledger.js";
import type { Modules } from "./modules.js";

type Args = { place: string };
type Compute = FunctionReference<"action", "internal", Args, Value>;

/** The cached action. */
const compute = makeFunctionReference<"action">("upstream:compute") as unknown as Compute;

/** The component's functions that both versions have. */
export const shared = componentsGeneric().actionCache as unknown as PeerApi;

/** What an app uses of either version. */
export interface Cache {
  name: string;
  fetch(
    ctx: ActionContext,
    args: Args,
    options?: { force?: boolean; ttl?: number },
  ): Promise<unknown>;
  remove(ctx: ActionContext, args: Args): Promise<unknown>;
  removeAllForName(ctx: ActionContext): Promise<unknown>;
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
  readonly ledger: Ledger;
  readonly cache: Cache;
  /** What the action returns. */
  answer: () => Value | Promise<Value> = () => null;

  constructor(readonly subject: Subject) {
    this.ledger = new Ledger(subject.schema);
    const upstream = internalActionGeneric({
      args: { place: v.string() },
      handler: () => this.answer(),
    });
    const schema = defineSchema({});
    this.t = convexTest({
      schema,
      modules: this.ledger.accounted({
        "./_generated/api.js": () => Promise.resolve({}),
        "./upstream.ts": () => Promise.resolve({ compute: upstream }),
      }),
      transactionLimits: true,
    });
    this.t.registerComponent("actionCache", subject.schema, this.ledger.accounted(subject.modules));
    this.ledger.open();
    this.cache = this.cacheNamed("bench");
  }

  cacheNamed(name: string): Cache {
    return this.subject.cache({ action: compute, name, ttl: TTL });
  }

  /** Runs something in an action of its own, which does not count itself. */
  act<T>(work: (ctx: ActionContext) => Promise<T>): Promise<T> {
    return this.t.action(work);
  }

  fetch(place: string, options?: { force?: boolean }): Promise<unknown> {
    return this.act((ctx) => this.cache.fetch(ctx, { place }, options));
  }

  /** Whether a reader is served an entry, asked through what both versions have. */
  async serves(place: string): Promise<boolean> {
    const { name } = this.cache;
    const args = { name, args: { place }, ttl: null };
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
