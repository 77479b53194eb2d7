/**
 * How long the code of `settle` and `read` computes, and that of 0.3.1's `put` and
 * `get`, with a database that takes no time. What the runtime computes for them is
 * part of it: arguments are parsed from JSON, and results are turned into JSON.
 */
import { convexToJson, getConvexSize, type Value } from "convex/values";
import { read } from "../src/component/entries.js";
import { settle } from "../src/component/fills.js";
import { pieces } from "../src/component/model/entry/content.js";
import { leaseKeyOf } from "../src/component/model/leaseKey.js";
import { PART_BYTES } from "../src/shared/limits.js";
import { toWire } from "../src/shared/wire.js";
import { LEGACY } from "../src/testing/files.js";

const RUNS = 9;

/** The largest value that is stored, and one that 0.3.1 can store too, in bytes. */
const SIZES = { "4 MiB": 4 * 1024 ** 2, "0.9 MiB": 0.9 * 1024 ** 2 } as const;
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
  const legacy = (await import(new URL("lib.js", LEGACY).href)) as {
    put: Invocable;
    get: Invocable;
  };
  const computed: Computed[] = [];
  for (const [size, bytes] of Object.entries(SIZES)) {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const value = valueOf(kind, bytes);
      const ofLegacy = async (run: () => Promise<number>) =>
        bytes < LARGEST_OF_LEGACY ? await run() : null;
      computed.push({
        size,
        kind,
        store: {
          ours: await settling(value),
          legacy: await ofLegacy(() => putting(legacy.put, value)),
        },
        read: {
          ours: await reading(value),
          legacy: await ofLegacy(() => getting(legacy.get, value)),
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

/** A registered function, as the runtime calls it: with its arguments as JSON, for JSON. */
type Invocable = Partial<
  Record<"invokeMutation" | "invokeQuery", (args: string) => Promise<string>>
>;

const NAME = "bench";
const KEY = { text: "fish tacos" };
const system = (_id: string) => ({ _id, _creationTime: 1 });
const json = (value: unknown) => JSON.stringify(convexToJson(value as Value));

async function settling(value: Value): Promise<number> {
  const leaseKey = await leaseKeyOf({ name: NAME, key: KEY });
  const fill = { state: "running", startedAt: 1n, deadline: 1, leaseKey };
  const result = { kind: "value", fillMs: 100, content: toWire(value), ttl: 60_000, retain: 0 };
  const args = { requests: [{ name: NAME, key: KEY, token: "fill", result }] };
  return await median(settle, args, { fill: json({ ...system("fill"), ...fill }) });
}

function reading(value: Value): Promise<number> {
  const wire = toWire(value);
  const parts = "json" in wire ? [...pieces(wire.json, PART_BYTES)] : [];
  const rows = parts.map(({ piece }, index): [string, string] => {
    const id = `part ${index}`;
    return [id, json({ ...system(id), json: piece })];
  });
  const content = "json" in wire ? { value: null, parts: rows.map(([id]) => id) } : wire;
  const entry = {
    name: NAME,
    args: KEY,
    ...content,
    startedAt: 1n,
    token: "fill",
    expiresAt: 1e13,
  };
  const database = {
    ...Object.fromEntries(rows),
    "values.key": json({ ...system("v"), ...entry }),
  };
  return median(read, { requests: [{ name: NAME, key: KEY }] }, database);
}

const putting = (put: Invocable, value: Value) =>
  median(put, { name: NAME, args: KEY, value, ttl: 60_000 }, {});

function getting(get: Invocable, value: Value): Promise<number> {
  const entry = { ...system("v"), name: NAME, args: KEY, value, metadataId: "m" };
  const database = {
    "values.key": json(entry),
    m: json({ ...system("m"), valueId: "v", expiresAt: 1e13 }),
  };
  return median(get, { name: NAME, args: KEY, ttl: 1e13 }, database);
}

/** What is returned where a value was stored or found. */
const DONE = /"created"|"content":|"cacheHit":false|"kind":"hit"/;

/** Documents as JSON, by their ids or as the first of an index. */
type Database = Record<string, string>;

/** The median time in ms of some runs of a function on a database that holds these documents. */
async function median(invocable: object, args: object, database: Database): Promise<number> {
  const { invokeMutation, invokeQuery } = invocable as Invocable;
  const run = (invokeMutation ?? invokeQuery)!;
  const argsJson = json([args]);
  const globals = globalThis as unknown as { Convex: unknown };
  const { Convex } = globals;
  const times: number[] = [];
  try {
    globals.Convex = stubbed(database);
    for (let i = 0; i < RUNS; i++) {
      const began = performance.now();
      const result = await run(argsJson);
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
function stubbed(database: Database) {
  const streams: (string | undefined)[] = [];
  return {
    syscall(op: string, args: string) {
      if (op === "1.0/db/normalizeId") return args.replace('"idString"', '"id"');
      if (op !== "1.0/queryStream") return "{}";
      const { query } = JSON.parse(args) as { query: { source: { indexName: string } } };
      return `{"queryId":${streams.push(database[query.source.indexName]) - 1}}`;
    },
    async asyncSyscall(op: string, args: string) {
      if (op === "1.0/getTransactionMetrics") return METRICS;
      if (op === "1.0/get") return database[(JSON.parse(args) as { id: string }).id] ?? "null";
      if (op !== "1.0/queryStreamNext") return '{"_id":"new"}';
      const { queryId } = JSON.parse(args) as { queryId: number };
      const first = streams[queryId];
      streams[queryId] = undefined;
      return await Promise.resolve(`{"value":${first ?? null},"done":${first === undefined}}`);
    },
  };
}
