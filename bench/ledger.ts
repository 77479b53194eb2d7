/** Keeps account of what an app's functions use, in Convex's own units. */
import { AsyncLocalStorage } from "node:async_hooks";
import { convexToJson, type Value } from "convex/values";
import { type Access, observe, Observer } from "../src/testing/syscalls.js";
import { watchClock } from "./clock.js";
import type { Schema } from "./conflicts.js";
import type { Modules } from "./modules.js";
import { QueryCache } from "./queryCache.js";
import { followRanges } from "./ranges.js";

/** What an operation costs. What the query cache answers is a call, and reads nothing. */
export interface Usage {
  queries: number;
  mutations: number;
  /** Runs of actions: of the one that is cached, above all. */
  actions: number;
  handles: number;
  documentsRead: number;
  documentsWritten: number;
  bytesRead: number;
  bytesWritten: number;
}

/** A query or mutation that ran as a function call of its own. */
export type Transaction = {
  kind: "query" | "mutation";
  /** As in `lib:get`. */
  path: string;
  accesses: Access[];
  readsClock: boolean;
};

type Handler = (ctx: unknown, args: Value) => unknown;
type Registered = { _handler: Handler } & ({ isQuery: true } | { isMutation: true } | object);

const none = (): Usage => ({
  queries: 0,
  mutations: 0,
  actions: 0,
  handles: 0,
  documentsRead: 0,
  documentsWritten: 0,
  bytesRead: 0,
  bytesWritten: 0,
});

/** Function calls of every kind. */
export const callsOf = ({ queries, mutations, actions }: Usage) => queries + mutations + actions;

/** Keeps the account of the app that was opened last: there is one observer of the syscalls. */
export class Ledger {
  transactions: Transaction[] = [];
  #usage = none();
  #observer = new Observer();
  readonly #queryCache: QueryCache;
  readonly #open = new AsyncLocalStorage<Transaction & { isOpen: boolean }>();

  constructor(schema: Schema) {
    this.#queryCache = new QueryCache(schema);
  }

  /** Begins the account; to be called when the app's convex-test exists, which it looks into. */
  open(): void {
    this.#observer = observe();
    followRanges(() => this.#observer.accesses);
  }

  /** What was used since the last reset. */
  get usage(): Usage {
    return { ...this.#usage, handles: this.#observer.counts.handles };
  }

  /** Starts the account anew; the query cache keeps what it has. */
  reset(): void {
    this.#observer.reset();
    this.#usage = none();
    this.transactions = [];
  }

  /** How many documents of a table were written since the last reset. */
  writesTo(table: string): number {
    return this.transactions
      .flatMap(({ accesses }) => accesses)
      .filter((access) => access.kind === "write" && access.table === table).length;
  }

  /** The same files, with every function in them accounted for. */
  accounted(modules: Modules): Modules {
    return Object.fromEntries(
      Object.entries(modules).map(([file, load]) => [
        file,
        async () => {
          const module = /^\.\/(.*)\.[jt]s$/.exec(file)?.[1] ?? file;
          return Object.fromEntries(
            Object.entries(await load()).map(([name, value]) => [
              name,
              isRegistered(value) ? this.#function(`${module}:${name}`, value) : value,
            ]),
          );
        },
      ]),
    );
  }

  #function(path: string, registered: Registered): object {
    const run = registered._handler;
    const kind =
      "isQuery" in registered ? "query" : "isMutation" in registered ? "mutation" : "action";
    const handler: Handler = (ctx, args) => {
      if (kind !== "action") return this.#transaction(kind, path, args, () => run(ctx, args));
      this.#usage.actions += 1;
      return run(ctx, args);
    };
    return { ...registered, _handler: handler };
  }

  async #transaction(
    kind: Transaction["kind"],
    path: string,
    args: Value,
    run: () => unknown,
  ): Promise<unknown> {
    // What a transaction calls is part of it. What it schedules inherits the
    // storage too, but starts after it is over.
    const outer = this.#open.getStore();
    if (outer?.isOpen) {
      watchClock(() => (outer.readsClock = true));
      return await run();
    }
    const transaction = { kind, path, accesses: [] as Access[], readsClock: false, isOpen: true };
    const before = { ...this.#observer.counts };
    const from = this.#observer.accesses.length;
    watchClock(() => (transaction.readsClock = true));
    this.#usage[kind === "query" ? "queries" : "mutations"] += 1;
    try {
      return await this.#open.run(transaction, run);
    } finally {
      transaction.isOpen = false;
      transaction.accesses = this.#observer.accesses.slice(from);
      this.transactions.push(transaction);
      this.#account(transaction, args, before);
    }
  }

  #account(transaction: Transaction, args: Value, before: Omit<Usage, "actions">): void {
    const { kind, path, accesses } = transaction;
    if (kind === "mutation") this.#queryCache.committed(accesses);
    else {
      const query = `${path} ${JSON.stringify(convexToJson(args))}`;
      if (this.#queryCache.answers(query, transaction)) return;
    }
    const { counts } = this.#observer;
    for (const unit of [
      "documentsRead",
      "documentsWritten",
      "bytesRead",
      "bytesWritten",
    ] as const) {
      this.#usage[unit] += counts[unit] - before[unit];
    }
  }
}

function isRegistered(value: unknown): value is Registered {
  return typeof value === "function" && "_handler" in value;
}
