/** What fills the cache of a simulation: an action, a batch action, or the callers themselves. */
import { internalActionGeneric, makeFunctionReference } from "convex/server";
import { v, type Value } from "convex/values";
import type { ActionContext } from "../client/contexts.js";
import { ActionCache, type ActionCacheConfig, itemError, NOT_MODIFIED } from "../client/index.js";
import type { FillResult, Settlement } from "../shared/fillProtocol.js";
import { compute, component, createApp } from "./app.js";
import { type Caller, type Run, TENANTS_KEY, valueOf } from "./simulatedRuns.js";

export type Form = "action" | "batch" | "compute";

type Args = { key: number };
/** The figures and bounds of a cache. */
export type Tracked = Pick<ActionCacheConfig, "stats" | "maxEntries" | "maxBytes" | "idleTtl">;

type Call = (...args: never[]) => Promise<unknown>;

export type SimulatedForm = {
  app: ReturnType<typeof createApp>;
  cache: ActionCache<{
    _type: "action";
    _visibility: "internal";
    _args: Args;
    _returnType: Value;
    _componentPath: string | undefined;
  }>;
  argsOf: (key: number) => Args;
  /** How fills have ended, and what became of them. */
  settled: { result: FillResult; settlement: Settlement }[];
  /** A context of callers that stops doing anything once they have crashed. */
  contextOf: (ctx: ActionContext, callers: Caller[]) => ActionContext;
};

/** @param begin - Begins runs for callers, and resolves when it is decided how they end. */
export function simulatedForm(
  form: Form,
  begin: (holders: Caller[], previous?: string) => Promise<Run[]>,
  tracked: Tracked,
): SimulatedForm {
  const settled: SimulatedForm["settled"] = [];
  /** Whose calls of an action are being made, in their order. */
  const starting: Caller[][] = [];
  const callersOf = new WeakMap<object, Caller[]>();
  const all = async (_: unknown, { items }: { items: Args[] }) => {
    const callers = starting.shift()!;
    const runs = await begin(items.map(({ key }) => holderOf(callers, key)));
    return runs.map((run) => (run.how === "fail" ? itemError(valueOf(run)) : valueOf(run)));
  };
  const app = createApp({
    "./batches.ts": () =>
      Promise.resolve({ all: internalActionGeneric({ args: { items: v.any() }, handler: all }) }),
  });
  app.upstream.answer = async () => {
    const [run] = await begin(starting.shift()!);
    if (run!.how === "fail") throw new Error(valueOf(run!));
    return valueOf(run!);
  };
  const inline = async (
    ctx: object,
    { key }: Args,
    previous?: Value,
  ): Promise<Value | typeof NOT_MODIFIED> => {
    const [run] = await begin([holderOf(callersOf.get(ctx)!, key)], previous as string | undefined);
    if (run!.how === "fail") throw new Error(valueOf(run!));
    return run!.how === "unmodified" ? NOT_MODIFIED : valueOf(run!);
  };
  const options = {
    name: "simulated",
    ...tracked,
    tags: ({ args }: { args: Args }) => ["common", `key ${args.key}`],
  };
  const batchAction = makeFunctionReference<"action">("batches:all") as never;
  const caches: Record<Form, () => unknown> = {
    action: () => new ActionCache(component, { ...options, action: compute as never }),
    batch: () => new ActionCache<Args, Value>(component, { ...options, batchAction }),
    compute: () => new ActionCache<Args, Value>(component, { ...options, compute: inline }),
  };
  return {
    app,
    settled,
    cache: caches[form]() as SimulatedForm["cache"],
    // Where several entries are fetched at once, their arguments tell whose a run is.
    argsOf: (key) => ({ key: form === "action" ? key % TENANTS_KEY : key }),
    contextOf: (ctx, callers) => {
      const unlessCrashed =
        (call: unknown) =>
        (...args: never[]) =>
          callers.some(({ crashed }) => crashed) ? new Promise(() => {}) : (call as Call)(...args);
      const context = {
        runQuery: unlessCrashed(ctx.runQuery),
        runMutation: unlessCrashed(async (...args: never[]) => {
          const answers = await (ctx.runMutation as never as Call)(...args);
          const { requests = [] } = args[1] as never as { requests?: { result?: FillResult }[] };
          requests.forEach(({ result }, index) => {
            const settlement = (answers as Settlement[])[index];
            if (result && settlement) settled.push({ result, settlement });
          });
          return answers;
        }),
        runAction: unlessCrashed((...args: never[]) => {
          starting.push(callers);
          return (ctx.runAction as never as Call)(...args);
        }),
      } as never as ActionContext;
      callersOf.set(context, callers);
      return context;
    },
  };
}

/** Who runs for a key, of callers in one context: of equal ones, one that has not run yet. */
function holderOf(callers: Caller[], key: number): Caller {
  const equal = callers.filter((caller) => caller.key === key);
  return equal.find(({ runs }) => runs === 0) ?? equal[0]!;
}
