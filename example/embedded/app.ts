import { AsyncResource } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { convexTest, type TestConvex } from "convex-test";
import { type Crons, type FunctionReference, makeFunctionReference } from "convex/server";
import { ConvexError, convexToJson, type JSONValue, jsonToConvex, type Value } from "convex/values";
import componentSchema from "../../src/component/schema.js";
import { componentModules, modulesIn } from "../../src/testing/files.js";
import type { Modules } from "../../src/testing/functions.js";
import { Observer } from "../../src/testing/syscalls.js";
import appSchema from "../convex/schema.js";
import { startCrons } from "./crons.js";

export type Kind = "query" | "mutation" | "action";

export type Failure = { success: false; message: string; data?: JSONValue };
/** What came of a call, its values as they cross the wire. */
export type Outcome = { success: true; value: JSONValue } | Failure;
/** An outcome with the timestamp of the last commit that shows in it. */
export type Answer = Outcome & { ts: bigint };

type Registered = { isPublic?: true; isQuery?: true; isMutation?: true };
type Module = Record<string, unknown>;

/** The app of example/convex with its component, in this process instead of a deployment. */
export class EmbeddedApp {
  /** Counts what the app's functions use, once it is handed to `observe`. */
  readonly observer = new Observer();
  readonly convex: TestConvex<typeof appSchema>;
  readonly #modules: Record<string, Module>;
  readonly #listeners = new Set<() => void>();
  /** In ns since 1970, so that it also rises from one process to the next. */
  #commitTs = BigInt(Date.now()) * 1_000_000n;

  private constructor(modules: Record<string, Module>) {
    this.#modules = modules;
    const loaded = Object.entries(modules).map(([file, module]) => [
      file,
      () => Promise.resolve(module),
    ]);
    this.convex = convexTest({
      schema: appSchema,
      modules: this.observer.observed(Object.fromEntries(loaded) as Modules),
      transactionLimits: true,
    });
    // What register() of "@convex-dev/action-cache/test" does in a test. It collects the component's
    // files with import.meta.glob, which Vite provides and Node does not.
    const component = this.observer.observed(componentModules());
    this.convex.registerComponent("actionCache", componentSchema, component);
    // The end of every mutation comes by here, whoever called it: a client, an action, the scheduler.
    this.observer.onTransaction = ({ kind }) => {
      if (kind !== "mutations") return;
      this.#commitTs += 1n;
      for (const listener of this.#listeners) listener();
    };
  }

  /** @param more - Functions that the app has besides those of example/convex. */
  static async load(more: Modules = {}): Promise<EmbeddedApp> {
    const modules = Object.entries({
      ...modulesIn(new URL("../convex", import.meta.url)),
      ...more,
    }).map(async ([file, load]) => [file, await load()] as const);
    return new EmbeddedApp(
      Object.fromEntries(await Promise.all(modules)) as Record<string, Module>,
    );
  }

  /** The timestamp of the last commit. */
  get commitTs(): bigint {
    return this.#commitTs;
  }

  /** Calls the listener whenever a mutation has ended, until the function that it returns is called. */
  onCommit(listener: () => void): () => void {
    // In the context of whoever listens. In the mutation's, what the listener starts would be part of it.
    const bound = AsyncResource.bind(listener);
    this.#listeners.add(bound);
    return () => void this.#listeners.delete(bound);
  }

  /** Runs a public function, for a client. */
  async call(kind: Kind, path: string, args: JSONValue): Promise<Answer> {
    let ts: bigint | undefined;
    const run = async (call: (reference: never, args: never) => Promise<unknown>) =>
      await call(this.#reference(kind, path) as never, jsonToConvex(args) as never);
    try {
      const value =
        kind === "query"
          ? await this.convex.query(async (ctx) => {
              ts = this.#commitTs;
              return await run(ctx.runQuery);
            })
          : await run(this.convex[kind] as never);
      return { success: true, value: convexToJson(value as Value), ts: ts ?? this.#commitTs };
    } catch (error) {
      return { ...failure(error), ts: ts ?? this.#commitTs };
    }
  }

  /** Runs the app's crons and the component's, until the function that it returns is called. */
  async startCrons(): Promise<() => void> {
    // convex-test has this, but its types don't.
    const { fun } = this.convex as unknown as {
      fun: (path: { componentPath: string; udfPath: string }, args: unknown) => Promise<unknown>;
    };
    const start = ({ default: crons }: Module, componentPath: string) =>
      startCrons(crons as Crons, (udfPath, args) => fun({ componentPath, udfPath }, args));
    const stops = [
      start(this.#modules["./crons.ts"]!, ""),
      start((await componentModules()["./crons.ts"]!()) as Module, "actionCache"),
    ];
    return () => stops.forEach((stop) => stop());
  }

  /** A function by its path. Throws, in Convex's words, if a client can't call it. */
  #reference(kind: Kind, path: string): FunctionReference<Kind> {
    const name = path.replace(/\.js(?=:|$)/, "");
    const [file, exported = "default"] = name.split(":");
    const found = this.#modules[`./${file}.ts`]?.[exported] as Registered | undefined;
    if (!found?.isPublic) {
      throw new Refusal(
        `Could not find public function for '${name}'. ` +
          "Did you forget to run `npx convex dev` or `npx convex deploy`?",
      );
    }
    const actual = found.isQuery ? "Query" : found.isMutation ? "Mutation" : "Action";
    const wanted = kind[0]!.toUpperCase() + kind.slice(1);
    if (actual !== wanted) {
      throw new Refusal(`Trying to execute ${name} as ${wanted}, but it is defined as ${actual}.`);
    }
    return makeFunctionReference<Kind>(name);
  }
}

/** Thrown instead of running a function. */
class Refusal extends Error {}

/** What a client is told of an error that a function threw. */
export function failure(error: unknown): Failure {
  if (error instanceof ConvexError) {
    const data = convexToJson((error.data ?? null) as Value);
    return { success: false, message: `Uncaught ConvexError: ${error.message}`, data };
  }
  const invalid = /^Error: Validator error: (.*)/s.exec(String(error))?.[1];
  if (invalid) return { success: false, message: `ArgumentValidationError: ${invalid}` };
  const message = error instanceof Refusal ? error.message : `Uncaught ${String(error)}`;
  return { success: false, message };
}

/** A failure as a development deployment tells its clients: one in production hides the message. */
export function serverError({ message, data: errorData }: Failure) {
  const requestId = randomBytes(8).toString("hex");
  return { errorMessage: `[Request ID: ${requestId}] Server Error\n${message}`, errorData };
}
