/**
 * Watches the calls by which functions reach convex-test's database, and
 * refuses what a real deployment refuses and the mock lets pass.
 */
import { getConvexSize, getDocumentSize, jsonToConvex, type Value } from "convex/values";
import { MAX_DOCUMENT_BYTES } from "../shared/limits.js";
import { refuseUnsendable } from "../shared/wire.js";
import { nesting } from "../shared/values.js";

type Syscall = (op: string, jsonArgs: string) => Promise<string>;
type ConvexGlobal = { readonly asyncSyscall: Syscall; readonly syscall: unknown };
type Doc = { _id: string; [field: string]: Value | undefined };

/** What one function did to the database. */
export type Access =
  | { kind: "get"; table: string; id: string }
  | { kind: "range"; index: string; range: unknown[]; order: string; documents: Doc[] }
  | { kind: "write"; table: string; id: string; before: Doc | null; after: Doc | null };

/** Counted in Convex's own units. */
export type Counts = {
  queries: number;
  mutations: number;
  actions: number;
  handles: number;
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
};

const zero = (): Counts => ({
  queries: 0,
  mutations: 0,
  actions: 0,
  handles: 0,
  documentsRead: 0,
  bytesRead: 0,
  documentsWritten: 0,
  bytesWritten: 0,
});

/** What has been seen since it was last reset. */
export class Observer {
  counts = zero();
  accesses: Access[] = [];
  /** How many operations there were since the beginning, to tell whether anything happens. */
  operations = 0;
  /** Every document as it was last written, rolled back or not. */
  readonly documents = new Map<string, Doc>();
  /** Called before each database operation; throws to make it fail. */
  fault: (op: string, args: { [field: string]: unknown }) => void = () => {};
  /** Called before each call from an action, with the function's address; throws to make it fail. */
  failCall: (address: string) => void = () => {};
  readonly #streams = new Map<number, Extract<Access, { kind: "range" }>>();

  reset(): void {
    this.counts = zero();
    this.accesses = [];
  }

  /** Function calls from an action, of every kind. */
  get calls(): number {
    return this.counts.queries + this.counts.mutations + this.counts.actions;
  }

  streamStarted(
    id: number,
    source: { indexName?: string; tableName?: string; range?: unknown[]; order?: string },
  ) {
    const access: Access = {
      kind: "range",
      index: source.indexName ?? `${source.tableName}.all`,
      range: source.range ?? [],
      order: source.order ?? "asc",
      documents: [],
    };
    this.#streams.set(id, access as Extract<Access, { kind: "range" }>);
    this.accesses.push(access);
  }

  streamed(id: number, doc: Doc) {
    this.#streams.get(id)?.documents.push(doc);
    this.read(doc);
  }

  read(doc: Doc | null) {
    if (doc === null) return;
    this.counts.documentsRead += 1;
    this.counts.bytesRead += getDocumentSize(doc as { [field: string]: Value });
  }

  wrote(access: Extract<Access, { kind: "write" }>) {
    this.accesses.push(access);
    if (access.after === null) this.documents.delete(access.id);
    else this.documents.set(access.id, access.after);
    this.counts.documentsWritten += 1;
    if (access.after !== null) this.counts.bytesWritten += getConvexSize(access.after);
  }
}

let observer: Observer | null = null;

/** Starts watching; the observer returned sees all that runs until the next call. */
export function observe(): Observer {
  install();
  observer = new Observer();
  return observer;
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
          const { query } = JSON.parse(jsonArgs) as { query: { source: object } };
          observer?.streamStarted(
            (JSON.parse(answer) as { queryId: number }).queryId,
            query.source,
          );
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
    case "1.0/get": {
      const answer = await real(op, jsonArgs);
      seen.accesses.push({ kind: "get", table: args.table, id: args.id });
      seen.read(jsonToConvex(JSON.parse(answer) as never) as unknown as Doc | null);
      return answer;
    }
    case "1.0/queryStreamNext": {
      const answer = await real(op, jsonArgs);
      const { value, done } = jsonToConvex(JSON.parse(answer) as never) as unknown as {
        value: Doc;
        done: boolean;
      };
      if (!done) seen.streamed(args.queryId, value);
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
