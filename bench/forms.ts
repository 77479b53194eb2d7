/** What the forms of filling cost that 0.3.1 has none of, for values of 14 KB where nothing else is said. */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { getConvexSize } from "convex/values";
import { ActionCache, NOT_MODIFIED } from "../src/client/index.js";
import { callsOf } from "./account.js";
import { App, TTL } from "./app.js";
import { advance } from "./clock.js";
import { component, ours } from "./subjects.js";

const KIB = 1024;
const V = 14 * KIB;

type Args = { city: string };
type ComputeAll = FunctionReference<"action", "internal", { items: Args[] }, string[]>;

const batchAction = makeFunctionReference<"action">("upstream:computeAll") as unknown as ComputeAll;
const valueOf = (bytes: number) => "x".repeat(bytes - getConvexSize(""));

/** A figure of one form, and the most that it may be. */
export type FormFigure = { what: string; measured: number; limit: number };

export async function measureForms(): Promise<FormFigure[]> {
  return [
    {
      what: "100 misses of one tick with `batchAction`: function calls",
      measured: await callsOfBatch(100),
      limit: 4,
    },
    {
      what: "miss with `compute`: function calls",
      measured: (await measureInline(V)).miss,
      limit: 3,
    },
    {
      what: "value of 14 KB that is not modified: bytes written",
      measured: (await measureInline(V)).unmodified,
      limit: V + KIB,
    },
    {
      what: "value of 3 MiB that is not modified: bytes written",
      measured: (await measureInline(3 * KIB ** 2)).unmodified,
      limit: 2 * KIB,
    },
  ];
}

async function callsOfBatch(count: number): Promise<number> {
  const app = new App(ours);
  app.answer = () => valueOf(V);
  const cache = new ActionCache(component, { name: "batched", batchAction, ttl: TTL });
  app.account.reset();
  await app.act((ctx) =>
    Promise.all(
      Array.from({ length: count }, (_, n) => cache.fetch(ctx, { city: `city ${n}` })),
    ).then(() => null),
  );
  return callsOf(app.account.usage);
}

/** The calls of a miss, and what is written where the value is not modified a ttl later. */
async function measureInline(bytes: number): Promise<{ miss: number; unmodified: number }> {
  const app = new App(ours);
  const cache = new ActionCache(component, {
    name: "inline",
    ttl: TTL,
    compute: (_ctx, _args: Args, before): Promise<string | typeof NOT_MODIFIED> =>
      Promise.resolve(before === undefined ? valueOf(bytes) : NOT_MODIFIED),
  });
  const fetch = () =>
    app.act(async (ctx) => {
      await cache.fetch(ctx, { city: "NYC" });
      return null;
    });
  app.account.reset();
  await fetch();
  const miss = callsOf(app.account.usage);
  advance(TTL);
  app.account.reset();
  await fetch();
  return { miss, unmodified: app.account.usage.bytesWritten };
}
