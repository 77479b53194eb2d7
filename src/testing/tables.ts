/**
 * The component's tables in memory, for what convex-test is too slow for or can't do:
 * many thousand transactions, and reads on a snapshot from a while ago.
 */
import { compareValues, type Value } from "convex/values";
import type { MutationCtx, QueryCtx } from "../component/_generated/server.js";
import schema from "../component/schema.js";

type Row = { _id: string; _creationTime: number; [field: string]: unknown };
type Rows = Map<string, Row>;

/** Stands for the commit timestamp of a transaction that has not committed. */
const PENDING = Object.freeze({ pending: true });
const LATEST = 2n ** 63n - 1n;

const comparable = (value: unknown) => (value === PENDING ? LATEST : value) as Value | undefined;

function compare(one: unknown, other: unknown): number {
  const [a, b] = [comparable(one), comparable(other)];
  if (a === b) return 0;
  // By far the most, and `compareValues` is slow.
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : 1;
  return compareValues(a, b);
}

type Bound = { field: string; holds: (order: number) => boolean; value: unknown };
type Range = Record<"eq" | "gt" | "gte" | "lt" | "lte", (field: string, value: unknown) => Range>;

function boundsOf(range: (q: Range) => unknown): Bound[] {
  const bounds: Bound[] = [];
  const bound = (holds: Bound["holds"]) => (field: string, value: unknown) => {
    bounds.push({ field, holds, value });
    return builder;
  };
  const builder: Range = {
    eq: bound((order) => order === 0),
    gt: bound((order) => order > 0),
    gte: bound((order) => order >= 0),
    lt: bound((order) => order < 0),
    lte: bound((order) => order <= 0),
  };
  range(builder);
  return bounds;
}

function fieldsOf(table: string, index: string): string[] {
  const declared = schema.tables[table as "values"][" indexes"]();
  return declared.find(({ indexDescriptor }) => indexDescriptor === index)?.fields ?? [];
}

function reader(tables: Map<string, Rows>) {
  const rowsOf = (table: string) => [...(tables.get(table)?.values() ?? [])];
  const query = (table: string, bounds: Bound[] = [], fields: string[] = []) => {
    const list = () =>
      rowsOf(table)
        .filter((row) =>
          bounds.every(({ field, holds, value }) => holds(compare(row[field], value))),
        )
        .sort((one, other) => {
          for (const field of [...fields, "_creationTime"]) {
            const order = compare(one[field], other[field]);
            if (order !== 0) return order;
          }
          return 0;
        });
    return {
      withIndex: (index: string, range: (q: Range) => unknown = () => {}) =>
        query(table, boundsOf(range), fieldsOf(table, index)),
      first: () => Promise.resolve(list()[0] ?? null),
      take: (n: number) => Promise.resolve(list().slice(0, n)),
      collect: () => Promise.resolve(list()),
      [Symbol.asyncIterator]: async function* () {
        yield* list();
        await Promise.resolve();
      },
    };
  };
  return {
    query: (table: string) => query(table),
    get: (table: string, id: string) => Promise.resolve(tables.get(table)?.get(id) ?? null),
    normalizeId: (_: string, id: string) => id,
  };
}

export class Tables {
  readonly #tables = new Map<string, Rows>();
  #commits = 0n;
  #ids = 0;
  /** What was scheduled, as it was given. */
  readonly scheduled: { reference: unknown; args: unknown }[] = [];

  /** Answers a query that a transaction calls on a stale snapshot. */
  constructor(readonly answer: (reference: unknown, args: never) => unknown = () => null) {}

  /** What a query reads at any time. */
  readonly live = { db: reader(this.#tables) } as unknown as QueryCtx;

  /** What a query reads now, however the tables change afterwards. */
  snapshot(): QueryCtx {
    const copy = new Map([...this.#tables].map(([table, rows]) => [table, new Map(rows)]));
    return { db: reader(copy) } as unknown as QueryCtx;
  }

  /** Runs a mutation, and commits what it wrote. */
  async commit<T>(mutation: (ctx: MutationCtx) => Promise<T>): Promise<T> {
    const written = new Set<Row>();
    const set = (table: string, row: Row) => {
      if (!this.#tables.has(table)) this.#tables.set(table, new Map());
      this.#tables.get(table)!.set(row._id, row);
      written.add(row);
    };
    const change = (table: string, id: string, fields: object, kept: boolean) => {
      const row = this.#tables.get(table)?.get(id);
      if (row === undefined) throw new Error(`no row ${id} of ${table}`);
      const { _id, _creationTime } = row;
      set(table, { ...(kept && row), ...fields, _id, _creationTime });
      return Promise.resolve();
    };
    const db = {
      ...reader(this.#tables),
      vars: { commitTs: PENDING },
      insert: (table: string, fields: object) => {
        const _id = `${table}${++this.#ids}`;
        set(table, { ...fields, _id, _creationTime: Date.now() + this.#ids / 1e6 });
        return Promise.resolve(_id);
      },
      patch: (table: string, id: string, fields: object) => change(table, id, fields, true),
      replace: (table: string, id: string, fields: object) => change(table, id, fields, false),
      delete: (table: string, id: string) => {
        if (!this.#tables.get(table)?.delete(id)) throw new Error(`no row ${id} of ${table}`);
        return Promise.resolve();
      },
    };
    const metrics = new Proxy({}, { get: () => ({ used: 0, remaining: Infinity }) });
    const result = await mutation({
      db,
      runQuery: (reference: unknown, args: never) => Promise.resolve(this.answer(reference, args)),
      scheduler: {
        runAfter: (_: number, reference: unknown, args: unknown) =>
          Promise.resolve(this.scheduled.push({ reference, args })),
      },
      meta: { getTransactionMetrics: () => Promise.resolve(metrics) },
    } as unknown as MutationCtx);
    this.#commits += 1n;
    for (const row of written) {
      for (const [field, value] of Object.entries(row)) {
        if (value === PENDING) row[field] = this.#commits;
      }
    }
    return result;
  }
}
