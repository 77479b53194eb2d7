/** What an app's functions use, with Convex's query cache, which convex-test does not have. */
import { convexToJson } from "convex/values";
import type { Access, Counts, Observer, Transaction } from "../src/testing/syscalls.js";
import { invalidates, type Schema } from "./conflicts.js";

/** What an operation costs. What the query cache answers is a call, and reads nothing. */
export type Usage = Counts;

/** Function calls of every kind. */
export const callsOf = ({ queries, mutations, actions }: Usage) => queries + mutations + actions;

/** A result of a query that read the clock is reused for so long at most. */
const CLOCK_READER_MS = 17_000;

/** Keeps account of what an observer sees. */
export class Account {
  transactions: Transaction[] = [];
  /** What the query cache has answered, and so was not read. */
  #saved = { documentsRead: 0, bytesRead: 0 };
  readonly #cached = new Map<string, { transaction: Transaction; at: number }>();

  constructor(
    private readonly schema: Schema,
    private readonly observer: Observer,
  ) {
    observer.onTransaction = (transaction) => this.add(transaction);
  }

  /** What was used since the last reset. */
  get usage(): Usage {
    const { counts } = this.observer;
    return {
      ...counts,
      documentsRead: counts.documentsRead - this.#saved.documentsRead,
      bytesRead: counts.bytesRead - this.#saved.bytesRead,
    };
  }

  /** Starts the account anew; the query cache keeps what it has. */
  reset(): void {
    this.observer.reset();
    this.#saved = { documentsRead: 0, bytesRead: 0 };
    this.transactions = [];
  }

  /** How many documents of a table were written since the last reset. */
  writesTo(table: string): number {
    const isWrite = (access: Access) => access.kind === "write" && access.table === table;
    return this.transactions.flatMap(({ accesses }) => accesses.filter(isWrite)).length;
  }

  /** Adds a transaction; true if it is a query that the cache answers. */
  add(transaction: Transaction): boolean {
    this.transactions.push(transaction);
    if (transaction.kind === "mutations") {
      this.#commit(transaction);
      return false;
    }
    const query = `${transaction.path} ${JSON.stringify(convexToJson(transaction.args))}`;
    const cached = this.#cached.get(query);
    const isOver = cached?.transaction.readsClock && Date.now() - cached.at > CLOCK_READER_MS;
    if (cached === undefined || isOver) {
      this.#cached.set(query, { transaction, at: Date.now() });
      return false;
    }
    this.#saved.documentsRead += transaction.counts.documentsRead;
    this.#saved.bytesRead += transaction.counts.bytesRead;
    return true;
  }

  /** Drops from the query cache what a mutation has changed. */
  #commit({ accesses }: Transaction): void {
    for (const [query, { transaction }] of this.#cached) {
      if (invalidates(this.schema, accesses, transaction.accesses)) this.#cached.delete(query);
    }
  }
}
