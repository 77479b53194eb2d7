/** An app with a page that shows its caches. */
import {
  makeFunctionReference,
  type RegisteredMutation,
  type RegisteredQuery,
} from "convex/server";
import { inspectorApi, type InspectorOptions, refresher } from "../client/index.js";
import { component, createApp } from "./app.js";
import { withoutClock } from "./clock.js";

type Functions = ReturnType<typeof inspectorApi>;
type AnswerOf<Function> =
  Function extends RegisteredQuery<"public", infer _, Promise<infer Answer>>
    ? Answer
    : Function extends RegisteredMutation<"public", infer _, Promise<infer Answer>>
      ? Answer
      : never;

/** An entry, as a page names it. */
export const ENTRY = { name: "test", key: { id: 1 } };

/** A call of each function that looks, and of each that changes something. */
export const READS: [name: keyof Functions, args: object][] = [
  ["names", {}],
  ["figures", { name: "test" }],
  ["entries", { name: "test", cursor: null, numItems: 10 }],
  ["entry", ENTRY],
  ["fills", {}],
  ["invalidations", {}],
  ["failures", {}],
];
export const WRITES: typeof READS = [
  ["expire", ENTRY],
  ["remove", ENTRY],
  ["refresh", ENTRY],
  ["invalidateTag", { tag: "a" }],
  ["clear", { everything: true }],
];

/**
 * An app that exports an inspector; `inspect` calls a function of it by its name.
 *
 * @param clockless - The functions that may not look at the clock.
 */
export function createInspected(options: Partial<InspectorOptions> = {}, clockless: string[] = []) {
  const caches: ReturnType<ReturnType<typeof createApp>["cache"]>[] = [];
  const functions = inspectorApi(component, { allow: () => true, ...options });
  const file = "./inspector.ts";
  const app = createApp({
    ...withoutClock({ [file]: () => Promise.resolve(functions) }, file, clockless),
    "./refreshers.ts": () => Promise.resolve({ refresh: refresher(() => caches[0]!) }),
  });
  const inspect = async <Name extends keyof Functions>(
    name: Name,
    args: object = {},
  ): Promise<AnswerOf<Functions[Name]>> => {
    const isWrite = WRITES.some(([write]) => write === name);
    const path = `inspector:${name}`;
    const answer: unknown = isWrite
      ? await app.t.mutation(makeFunctionReference<"mutation">(path), args as never)
      : await app.t.query(makeFunctionReference<"query">(path), args as never);
    return answer as AnswerOf<Functions[Name]>;
  };
  return {
    ...app,
    /** The cache that the app's function `refreshers:refresh` fills for. */
    caches,
    inspect,
  };
}
