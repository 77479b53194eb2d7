/** Convex's query cache, which convex-test does not have, modelled by what each query read. */
import type { Access } from "../src/testing/syscalls.js";
import { invalidates, type Schema } from "./conflicts.js";

/** What a query did that decides how long its result may be reused. */
export type Reading = { accesses: Access[]; readsClock: boolean };

/** A result of a query that read the clock is reused for so long at most. */
const CLOCK_READER_MS = 17_000;

/** Knows which queries a deployment would answer without reading its database. */
export class QueryCache {
  readonly #cached = new Map<string, Reading & { at: number }>();

  constructor(private readonly schema: Schema) {}

  /** Whether a query is answered from the cache; if not, it is cached from here on. */
  answers(query: string, reading: Reading): boolean {
    const cached = this.#cached.get(query);
    const stands =
      cached !== undefined && !(cached.readsClock && Date.now() - cached.at > CLOCK_READER_MS);
    if (!stands) this.#cached.set(query, { ...reading, at: Date.now() });
    return stands;
  }

  /** Drops what a commit has changed. */
  committed(accesses: Access[]): void {
    for (const [query, reading] of this.#cached) {
      if (invalidates(this.schema, accesses, reading.accesses)) this.#cached.delete(query);
    }
  }
}
