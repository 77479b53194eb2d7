/**
 * How long the code of `settle` and `read` computes, and that of 0.3.1's `put` and
 * `get`, with a database that takes no time. What the runtime computes for them is
 * part of it: arguments are parsed from JSON, and results are turned into JSON.
 */
import { convexToJson, getConvexSize, type Value } from "convex/values";
import { read } from "../src/component/entries.js";
import { settle } from "../src/component/fills.js";
import { pieces } from "../src/component/model/entry/content.js";
import { digest } from "../src/shared/key.js";
import { PART_BYTES } from "../src/shared/limits.js";
import { jsonOf, toWire } from "../src/shared/wire.js";
import { LEGACY } from "./subjects.js";

const RUNS = 9;

/** The largest value that is stored, and one that 0.3.1 can store too, in bytes. */
export const COMPUTED_SIZES = { "4 MiB": 4 * 1024 ** 2, "0.9 MiB": 0.9 * 1024 ** 2 } as const;
/** 0.3.1 keeps a value in one document. */
const LARGEST_OF_LEGACY = 1024 ** 2;

const TEXT = 'It says "fish tacos", of course: naïve, and cheap.\n';

/** What values are made of, each of as many parts as its size takes. */
const KINDS = {
  text: (index) => TEXT.repeat(20) + index,
  floats: (index) => Array.from({ length: 256 }, (_, i) => Math.sin(index * 256 + i)),
  "small objects": (index) => ({ id: index, name: `name ${index}`, isDone: index % 3 === 0 }),
} satisfies Record<string, (index: number) => Value>;
type Kind = keyof typeof KINDS;

/** Median times in ms; of 0.3.1 null, where it can't store the value. */
export type Computed = {
  size: string;
  kind: string;
  store: { ours: number; legacy: number | null };
  read: { ours: number; legacy: number | null };
};

export async function measureComputing(): Promise<Computed[]> {
  const legacy = (await import(new URL("lib.js", LEGACY).href)) as { put: Mutation; get: Query };
  const computed: Computed[] = [];
  for (const [size, bytes] of Object.entries(COMPUTED_SIZES)) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const value = valueOf(kind, bytes);
      const isForLegacy = bytes < LARGEST_OF_LEGACY;
      computed.push({
        size,
        kind,
        store: {
          ours: await settling(value),
          legacy: isForLegacy ? await putting(legacy.put, value) : null,
        },
        read: {
          ours: await reading(value),
          legacy: isForLegacy ? await getting(legacy.get, value) : null,
        },
      });
    }
  }
  return computed;
}

/** A value of almost so many bytes, by Convex's own measure. */
function valueOf(kind: Kind, bytes: number): Value {
  // An array has at most 8,192 elements.
  const groups: Value[][] = [];
  let size = 0;
  for (let index = 0; size < bytes - 8 * 1024; index++) {
    if (index % 1024 === 0) groups.push([]);
    const part = KINDS[kind](index);
    groups.at(-1)!.push(part);
    size += getConvexSize(part);
  }
  return kind === "text" ? (groups.flat() as string[]).join("") : groups;
}

type Mutation = { invokeMutation(args: string): Promise<string> };
type Query = { invokeQuery(args: string): Promise<string> };

const NAME = "bench";
const KEY = { text: "fish tacos" };
const entry = { _id: "value", _creationTime: 1, name: NAME, args: KEY };
const json = (value: unknown) => JSON.stringify(convexToJson(value as Value));

async function settling(value: Value): Promise<number> {
  const leaseKey = await digest([NAME, KEY]);
  const fill = { _id: "fill", _creationTime: 1, state: "running", startedAt: 1n, leaseKey };
  const result = { kind: "value", fillMs: 100, content: toWire(value), ttl: 60_000, retain: 0 };
  const args = json([{ name: NAME, key: KEY, token: "fill", result }]);
  return await median({ gets: { fill: json({ ...fill, deadline: 1 }) } }, () =>
    (settle as unknown as Mutation).invokeMutation(args),
  );
}

async function reading(value: Value): Promise<number> {
  const wire = toWire(value);
  const parts = "json" in wire ? [...pieces(jsonOf(wire), PART_BYTES)] : [];
  const ids = parts.map((_, index) => `part ${index}`);
  const content = "json" in wire ? { value: null, parts: ids } : wire;
  const stored = { ...entry, ...content, startedAt: 1n, token: "fill", expiresAt: 1e13 };
  const gets = parts.map(({ piece }, index) => [
    ids[index],
    json({ _id: ids[index], _creationTime: 1, json: piece }),
  ]);
  const args = json([{ requests: [{ name: NAME, key: KEY }] }]);
  return await median(
    { gets: Object.fromEntries(gets) as Rows, firsts: { "values.key": json(stored) } },
    () => (read as unknown as Query).invokeQuery(args),
  );
}

function putting(put: Mutation, value: Value): Promise<number> {
  const args = json([{ name: NAME, args: KEY, value, ttl: 60_000 }]);
  return median({}, () => put.invokeMutation(args));
}

function getting(get: Query, value: Value): Promise<number> {
  const stored = json({ ...entry, value, metadataId: "metadata" });
  const metadata = json({ _id: "metadata", _creationTime: 1, valueId: "value", expiresAt: 1e13 });
  const args = json([{ name: NAME, args: KEY, ttl: 60_000_000_000_000 }]);
  return median({ gets: { metadata }, firsts: { "values.key": stored } }, () =>
    get.invokeQuery(args),
  );
}

/** What is returned where a value was stored or found. */
const DONE = /"created"|"content":|"cacheHit":false|"kind":"hit"/;

/** Documents as JSON, by their ids or as the first of an index. */
type Rows = Record<string, string>;

/** The median time in ms of some runs on a database that holds these documents. */
async function median(
  database: { gets?: Rows; firsts?: Rows },
  run: () => Promise<string>,
): Promise<number> {
  const globals = globalThis as unknown as { Convex: unknown };
  const { Convex } = globals;
  const times: number[] = [];
  try {
    globals.Convex = stubbed(database);
    for (let i = 0; i < RUNS; i++) {
      const began = performance.now();
      const result = await run();
      times.push(performance.now() - began);
      if (!DONE.test(result)) throw new Error(`bench: nothing was computed: ${result}`);
    }
  } finally {
    globals.Convex = Convex;
  }
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
}

const PLENTY = { used: 0, remaining: 2 ** 30 };
const METRICS = JSON.stringify({ bytesRead: PLENTY, databaseQueries: PLENTY });

/** What reaches the database, answered at once. */
function stubbed({ gets = {}, firsts = {} }: { gets?: Rows; firsts?: Rows }) {
  const streams: (string | undefined)[] = [];
  return {
    syscall(op: string, args: string) {
      if (op === "1.0/db/normalizeId") return args.replace('"idString"', '"id"');
      if (op !== "1.0/queryStream") return "{}";
      const { query } = JSON.parse(args) as { query: { source: { indexName: string } } };
      return `{"queryId":${streams.push(firsts[query.source.indexName]) - 1}}`;
    },
    asyncSyscall(op: string, args: string) {
      switch (op) {
        case "1.0/get":
          return Promise.resolve(gets[(JSON.parse(args) as { id: string }).id] ?? "null");
        case "1.0/queryStreamNext": {
          const { queryId } = JSON.parse(args) as { queryId: number };
          const first = streams[queryId];
          streams[queryId] = undefined;
          return Promise.resolve(`{"value":${first ?? null},"done":${first === undefined}}`);
        }
        case "1.0/getTransactionMetrics":
          return Promise.resolve(METRICS);
        default:
          return Promise.resolve('{"_id":"new"}');
      }
    },
  };
}
