/**
 * Watches the functions that run on convex-test and the calls by which they reach
 * its database, and refuses what a real deployment refuses and the mock lets pass.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { getConvexSize, getDocumentSize, jsonToConvex, type Value } from "convex/values";
import { MAX_DOCUMENT_BYTES } from "../shared/limits.js";
import { refuseUnsendable } from "../shared/wire.js";
import { nesting } from "../shared/values.js";
import { watchClock } from "./clock.js";
import { type Handler, type Modules, type Registered, replaceHandlers } from "./functions.js";

type Syscall = (op: string, jsonArgs: string) => Promise<string>;
type ConvexGlobal = { readonly asyncSyscall: Syscall; readonly syscall: unknown };
type Doc = { _id: string; [field: string]: Value | undefined };

/** What one function did to the database. */
export type Access = (
  | { kind: "get"; table: string; id: string }
  | {
      kind: "range";
      index: string;
      range: unknown[];
      order: string;
      documents: Doc[];
      /** Whether it was read to its end, rather than to the last of the documents. */
      isExhausted: boolean;
    }
  | { kind: "write"; table: string; id: string; before: Doc | null; after: Doc | null }
) & {
  /** Read by a query on a stale snapshot, which conflicts with no write. */
  isStale?: boolean;
};
export type Range = Extract<Access, { kind: "range" }>;
export type Write = Extract<Access, { kind: "write" }>;

const zero = () => ({
  queries: 0,
  mutations: 0,
  actions: 0,
  /** Queries and mutations within others, which are no calls of their own. */
  nested: 0,
  handles: 0,
  documentsRead: 0,
  bytesRead: 0,
  documentsWritten: 0,
  bytesWritten: 0,
});

/** Counted in Convex's own units. */
export type Counts = ReturnType<typeof zero>;

/** A query or mutation that ran as a call of its own, with all that it called. */
export type Transaction = {
  kind: "queries" | "mutations";
  /** As in `lib:get`. */
  path: string;
  args: Value;
  accesses: Access[];
  counts: Counts;
  readsClock: boolean;
};

/** What has been seen since it was last reset. */
export class Observer {
  counts = zero();
  accesses: Access[] = [];
  /** How many operations there were since the beginning, to tell whether anything happens. */
  operations = 0;
  /**
   * Every document as it was last read or written, rolled back or not. One that
   * was written has its commit timestamp once it is read again.
   */
  documents = new Map<string, Doc>();
  /** Called before each database operation; throws to make it fail. */
  fault: (op: string, args: { [field: string]: unknown }) => void = () => {};
  /** Called before each call from an action, with the function's address; throws to make it fail. */
  failCall: (address: string) => void = () => {};
  /** Called after each transaction of the modules that are observed. */
  onTransaction: (transaction: Transaction) => void = () => {};
  readonly #streams = new Map<number, { range: Range; limit: number }>();
  readonly #open = new AsyncLocalStorage<{ isOpen: boolean; readsClock: boolean }>();

  reset(): void {
    this.counts = zero();
    this.accesses = [];
  }

  /** Function calls, of every kind. */
  get calls(): number {
    return this.counts.queries + this.counts.mutations + this.counts.actions;
  }

  /** The same modules, with every call of a function in them counted, and every transaction told. */
  observed(modules: Modules): Modules {
    return replaceHandlers(modules, (registered, name, file) => {
      const path = `${file.replace(/^\.\/|\.[jt]s$/g, "")}:${name}`;
      return (ctx, args) =>
        this.#called(registered, path, () => registered._handler(ctx, args), args);
    });
  }

  #called({ isQuery, isMutation }: Registered, path: string, run: Handler, args: unknown): unknown {
    if (!isQuery && !isMutation) {
      this.counts.actions += 1;
      return run();
    }
    // What a transaction calls is part of it. What it schedules inherits the
    // storage too, but starts after it is over.
    const outer = this.#open.getStore();
    if (!outer?.isOpen)
      return this.#transaction(isQuery ? "queries" : "mutations", path, run, args);
    watchClock(() => (outer.readsClock = true));
    return run();
  }

  async #transaction(kind: Transaction["kind"], path: string, run: Handler, args: unknown) {
    this.counts[kind] += 1;
    const open = { isOpen: true, readsClock: false };
    watchClock(() => (open.readsClock = true));
    const before = { ...this.counts };
    const from = this.accesses.length;
    try {
      return await this.#open.run(open, run);
    } finally {
      open.isOpen = false;
      const counts = Object.fromEntries(
        Object.entries(this.counts).map(([unit, n]) => [unit, n - before[unit as keyof Counts]]),
      ) as Counts;
      const accesses = this.accesses.slice(from);
      const { readsClock } = open;
      this.onTransaction({ kind, path, args: args as Value, accesses, counts, readsClock });
    }
  }

  streamStarted(id: number, { source, operators }: StreamedQuery) {
    const range: Range = {
      kind: "range",
      index: source.indexName ?? `${source.tableName}.all`,
      range: source.range ?? [],
      order: source.order ?? "asc",
      documents: [],
      isExhausted: false,
      isStale: staleSnapshot.getStore(),
    };
    const limit = operators.find((operator) => operator.limit !== undefined)?.limit ?? Infinity;
    this.#streams.set(id, { range, limit });
    this.accesses.push(range);
  }

  streamed(id: number, doc: Doc | null) {
    const stream = this.#streams.get(id);
    if (doc !== null) stream?.range.documents.push(doc);
    else if (stream !== undefined) {
      stream.range.isExhausted = stream.range.documents.length < stream.limit;
    }
    this.read(doc);
  }

  got(table: string, id: string, doc: Doc | null) {
    this.accesses.push({ kind: "get", table, id, isStale: staleSnapshot.getStore() });
    this.read(doc);
  }

  read(doc: Doc | null) {
    if (doc === null) return;
    if (!staleSnapshot.getStore()) this.documents.set(doc._id, doc);
    this.counts.documentsRead += 1;
    this.counts.bytesRead += getDocumentSize(doc as { [field: string]: Value });
  }

  wrote(access: Write) {
    this.accesses.push(access);
    if (access.after === null) this.documents.delete(access.id);
    else this.documents.set(access.id, access.after);
    this.counts.documentsWritten += 1;
    if (access.after !== null) this.counts.bytesWritten += getConvexSize(access.after);
  }
}

type StreamedQuery = {
  source: { indexName?: string; tableName?: string; range?: unknown[]; order?: string };
  operators: { limit?: number }[];
};

/** Whether what runs is a query on a stale snapshot. */
const staleSnapshot = new AsyncLocalStorage<boolean>();

let observer: Observer | null = null;

/** Starts watching; the observer sees all that runs until the next call. To be called after `convexTest`. */
export function observe(next = new Observer()): Observer {
  install();
  observer = next;
  return next;
}

function install(): void {
  const globals = globalThis as unknown as { Convex: ConvexGlobal & { watched?: true } };
  const mock = globals.Convex;
  if (mock.watched) return;
  globals.Convex = {
    watched: true,
    get syscall() {
      const real = mock.syscall as (op: string, jsonArgs: string) => string;
      return (op: string, jsonArgs: string) => {
        const answer = real(op, jsonArgs);
        if (op === "1.0/queryStream") {
          const { query } = JSON.parse(jsonArgs) as { query: StreamedQuery };
          observer?.streamStarted((JSON.parse(answer) as { queryId: number }).queryId, query);
        }
        return answer;
      };
    },
    get asyncSyscall() {
      return (op: string, jsonArgs: string) => watched(mock.asyncSyscall, op, jsonArgs);
    },
    // Storage passes through unwatched: the cache has none.
    get jsSyscall() {
      return (mock as unknown as { jsSyscall: unknown }).jsSyscall;
    },
  } as ConvexGlobal;
}

async function watched(real: Syscall, op: string, jsonArgs: string): Promise<string> {
  const seen = observer;
  if (seen === null) return await real(op, jsonArgs);
  const args = JSON.parse(jsonArgs) as { [field: string]: unknown } & {
    table: string;
    id: string;
    queryId: number;
    value: { [field: string]: unknown };
  };
  seen.operations += 1;
  seen.fault(op, args);
  switch (op) {
    case "1.0/createFunctionHandle":
      seen.counts.handles += 1;
      return await real(op, jsonArgs);
    case "1.0/runUdf": {
      seen.counts.nested += 1;
      const isStale = staleSnapshot.getStore() || args.udfType === "snapshotQuery";
      return await staleSnapshot.run(isStale, () => real(op, jsonArgs));
    }
    case "1.0/get": {
      const answer = await real(op, jsonArgs);
      const doc = jsonToConvex(JSON.parse(answer) as never) as unknown as Doc | null;
      seen.got(args.table, args.id, doc);
      return answer;
    }
    case "1.0/queryStreamNext": {
      const answer = await real(op, jsonArgs);
      const { value, done } = jsonToConvex(JSON.parse(answer) as never) as unknown as {
        value: Doc;
        done: boolean;
      };
      seen.streamed(args.queryId, done ? null : value);
      return answer;
    }
    case "1.0/insert": {
      const answer = await real(op, jsonArgs);
      const { _id } = JSON.parse(answer) as { _id: string };
      const after = { ...(unpack(args.value) as Doc), _id, _creationTime: Date.now() };
      refuseDocument(after);
      seen.wrote({ kind: "write", table: args.table, id: _id, before: null, after });
      return answer;
    }
    case "1.0/shallowMerge":
    case "1.0/replace":
    case "1.0/remove": {
      const before = seen.documents.get(args.id) ?? null;
      const answer = await real(op, jsonArgs);
      const after = op === "1.0/remove" ? null : merged(before, args.value, op);
      seen.read(before);
      refuseDocument(after);
      seen.wrote({ kind: "write", table: args.table, id: args.id, before, after });
      return answer;
    }
    default:
      return await real(op, jsonArgs);
  }
}

/** The document that an update leaves. */
function merged(before: Doc | null, change: { [field: string]: unknown }, op: string): Doc {
  const { _id, _creationTime } = before ?? { _id: "" };
  const kept = op === "1.0/replace" ? {} : before;
  const changes = Object.entries(change).map(([field, value]) => [
    field,
    isUndefined(value) ? undefined : unpack(value),
  ]);
  return { ...kept, ...(Object.fromEntries(changes) as object), _id, _creationTime };
}

const isUndefined = (value: unknown) =>
  typeof value === "object" && value !== null && "$undefined" in value;

const unpack = (value: unknown) => jsonToConvex(value as never) as unknown;

const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** Refuses arguments and results that a deployment refuses. */
export function refuseValue(value: Value | undefined, what: string): void {
  const size = getConvexSize(value);
  if (size > MAX_VALUE_BYTES) throw new Error(`refused: ${what} of ${size} bytes: over 16 MiB`);
  if (value !== undefined) refuseUnsendable(value);
}

function refuseDocument(doc: Doc | null): void {
  if (doc === null) return;
  const size = getDocumentSize(doc as { [field: string]: Value });
  if (size > MAX_DOCUMENT_BYTES)
    throw new Error(`refused: a document of ${size} bytes: over 1 MiB`);
  if (nesting(doc as Value) > 16) throw new Error("refused: a document nested over 16 deep");
}
