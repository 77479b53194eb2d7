/** An app for tests: the component under an observer, and an action whose behaviour the test sets. */
import { convexTest } from "convex-test";
import {
  componentsGeneric,
  defineSchema,
  type FunctionReference,
  getFunctionAddress,
  internalActionGeneric,
  makeFunctionReference,
} from "convex/server";
import { v, type Value } from "convex/values";
import { ActionCache, type ActionCacheConfig, type LogEvent } from "../client/index.js";
import type { ActionContext } from "../client/contexts.js";
import type { ComponentApi } from "../component/_generated/component.js";
import type { DataModel } from "../component/_generated/dataModel.js";
import type { GenericMutationCtx } from "convex/server";
import { register } from "../test.js";
import { sleep } from "../shared/engine/alarm.js";
import { observe, type Observer, refuseValue } from "./syscalls.js";
import { advance } from "./time.js";

// Loaded beforehand: a first import takes turns of the real event loop that virtual time would overtake.
import.meta.glob(["../component/*.ts", "!../component/*.test.ts"], { eager: true });

export type Args = Record<string, Value>;
export type Compute = FunctionReference<"action", "internal", Args, Value>;

/** The wrapped action: counts its runs, and does what the test says. */
class Upstream {
  runs = 0;
  /** What was asked for, in order. */
  asked: Args[] = [];
  /** What a run does; by default it tells its number. */
  answer: (args: Args, run: number) => Value | Promise<Value> = (_, run) => run;

  async run(args: Args): Promise<Value> {
    this.runs += 1;
    this.asked.push(args);
    return await this.answer(args, this.runs);
  }
}

/** The action that the caches of tests wrap. */
export const compute = makeFunctionReference<"action">("upstream:compute") as unknown as Compute;

/** The component, as an app has it from its generated code. */
export const component = componentsGeneric().actionCache as unknown as ComponentApi;

/** An action's context whose calls the observer counts, and the observer checks. */
function watchedContext(ctx: ActionContext, observer: Observer): ActionContext {
  const watch =
    (kind: "queries" | "mutations" | "actions", call: (...args: never[]) => Promise<unknown>) =>
    async (reference: never, args: never) => {
      observer.counts[kind] += 1;
      observer.failCall(getFunctionAddress(reference).reference ?? "upstream");
      refuseValue(args, "arguments");
      const result = await call(reference, args);
      refuseValue(result as Value, "a result");
      return result;
    };
  return {
    runQuery: watch("queries", ctx.runQuery),
    runMutation: watch("mutations", ctx.runMutation),
    runAction: watch("actions", ctx.runAction),
  } as ActionContext;
}

/**
 * An app with the component installed, under an observer that refuses what a deployment refuses.
 *
 * @param modules - The app's own functions, by their files.
 */
export function createApp(modules: Record<string, () => Promise<unknown>> = {}) {
  const upstream = new Upstream();
  const events: LogEvent[] = [];
  const t = convexTest({
    schema: defineSchema({}),
    modules: {
      "./_generated/api.js": () => Promise.resolve({}),
      "./upstream.ts": () =>
        Promise.resolve({
          compute: internalActionGeneric({
            args: v.any() as never,
            handler: (_, args: Args) => upstream.run(args),
          }),
        }),
      ...modules,
    },
    transactionLimits: true,
  });
  register(t);
  const observer = observe();
  const inComponent = <T>(
    handler: (ctx: GenericMutationCtx<DataModel>) => Promise<T>,
  ): Promise<T> =>
    (
      t as unknown as { runInComponent: (path: string, handler: unknown) => Promise<T> }
    ).runInComponent("actionCache", handler);
  return {
    t,
    upstream,
    events,
    observer,
    /** A cache that records its events. */
    cache: (config: Partial<ActionCacheConfig<Compute>> = {}) =>
      new ActionCache(component, {
        action: compute,
        name: "test",
        log: (event) => events.push(event),
        ...config,
      }),
    /** Lets virtual time pass, and what it sets off. Needs fake timers. */
    pass: (ms: number) => advance(ms, () => observer.operations),
    /** Makes each run of the action take so long, and tell its number. */
    slowly: (ms: number) => {
      upstream.answer = async (_, run) => {
        await sleep(ms);
        return run;
      };
    },
    /** Runs something in an action that stops doing anything once it has crashed. */
    crashable: (work: (ctx: ActionContext) => Promise<unknown>) => {
      let crashed = false;
      const mortal = (call: unknown) =>
        ((...args: never[]) =>
          crashed
            ? new Promise(() => {})
            : (call as (...args: never[]) => unknown)(...args)) as never;
      const running = t.action(async (ctx) => {
        const { runQuery, runMutation, runAction } = watchedContext(ctx, observer);
        await work({
          runQuery: mortal(runQuery),
          runMutation: mortal(runMutation),
          runAction: mortal(runAction),
        });
        return null;
      });
      running.catch(() => {});
      return { crash: () => void (crashed = true) };
    },
    /** Runs something in an action of its own, whose calls are counted and can be made to fail. */
    act: <T>(work: (ctx: ActionContext) => Promise<T>): Promise<T> =>
      t.action((ctx) => work(watchedContext(ctx, observer))),
    /** Reads or writes the component's own tables. */
    inComponent,
    /** All that is stored, by table. */
    stored: () =>
      inComponent(async (ctx) => ({
        values: await ctx.db.query("values").collect(),
        metadata: await ctx.db.query("metadata").collect(),
        parts: (await ctx.db.query("parts").collect()).length,
        fills: await ctx.db.query("fills").collect(),
        invalidations: await ctx.db.query("invalidations").collect(),
        tags: await ctx.db.query("tags").collect(),
        recipes: await ctx.db.query("recipes").collect(),
        failures: await ctx.db.query("failures").collect(),
        refills: await ctx.db.query("refills").collect(),
        locks: await ctx.db.query("locks").collect(),
      })),
  };
}
