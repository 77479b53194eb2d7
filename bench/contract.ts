/** The figures that ours must keep to, as the README promises them, and whether it does. */
import { type Contention, RELATIONS, relations } from "./contention.js";
import { type Cost, type OperationName, SIZES } from "./cost.js";
import type { Usage } from "./ledger.js";
import { growing, type ScaledOperation } from "./scale.js";

/** A figure that must not be above its limit. */
export type Figure = { what: string; measured: number; limit: number };

export const isMet = ({ measured, limit }: Figure) => measured <= limit;

const KIB = 1024;
const VALUE = SIZES["14 KB"];
/** What an entry holds beside its value, and the small rows that are read and written with it. */
const BESIDES = KIB;

/** The figures of single operations, for values of 14 KB. */
export function operationFigures(costs: Record<OperationName, Cost>): Figure[] {
  const figures = (operation: OperationName, limits: [keyof Cost, number][]): Figure[] =>
    limits.map(([unit, limit]) => ({
      what: `${operation}: ${NAMES[unit]}`,
      measured: costs[operation][unit],
      limit,
    }));
  return [
    ...figures("hit", [
      ["calls", 1],
      ["handles", 0],
      ["documentsRead", 1],
      ["bytesRead", VALUE + BESIDES],
    ]),
    ...figures("the same hit a minute later", [
      ["calls", 1],
      ["handles", 0],
      ["documentsRead", 0],
      ["bytesRead", 0],
    ]),
    ...figures("hit after a clear of its name", [
      ["calls", 1],
      ["documentsRead", 2],
    ]),
    ...figures("miss", [
      ["calls", 4],
      ["handles", 0],
      ["valueWrites", 1],
      ["metadataWrites", 1],
      ["bytesRead", KIB - 1],
      ["bytesWritten", VALUE + BESIDES],
    ]),
    ...figures("forced refresh", [
      ["calls", 3],
      ["handles", 0],
      ["bytesRead", 2 * VALUE + BESIDES],
      ["bytesWritten", VALUE + BESIDES],
    ]),
    ...figures("20 at once, nothing stored", [["actions", 1]]),
    ...figures("NYC, LA, NYC, nothing stored", [
      ["calls", 6],
      ["actions", 2],
    ]),
  ];
}

/** What the units of a cost are called. */
const NAMES: Record<keyof Cost, string> = {
  calls: "function calls",
  queries: "queries",
  mutations: "mutations",
  actions: "runs of the action",
  handles: "function handles",
  documentsRead: "documents read",
  documentsWritten: "documents written",
  bytesRead: "bytes read",
  bytesWritten: "bytes written",
  valueWrites: "writes of values",
  metadataWrites: "writes of expiries",
};

/** Clearing 1,000 entries for readers. */
export const clearFigures = (clear: Usage): Figure[] => [
  { what: "clearing 1,000 entries: mutations", measured: clear.mutations, limit: 1 },
  { what: "clearing 1,000 entries: documents written", measured: clear.documentsWritten, limit: 1 },
];

/** Purging 10,000 expired entries of 14 KB. */
export const purgeFigures = (purge: Usage): Figure[] => [
  { what: "purging 10,000 expired entries: mutations", measured: purge.mutations, limit: 45 },
];

/** Pairs of mutations that must not conflict. */
export const contentionFigures = (contention: Contention): Figure[] =>
  relations
    .filter((relation) => !RELATIONS[relation].mayConflict)
    .map((relation) => ({
      what: `${relation}: conflicting pairs`,
      measured: contention[relation].conflicts.length,
      limit: 0,
    }));

/** Operations whose cost grows with the number of entries stored. */
export const scaleFigures = ([few, ...more]: Record<ScaledOperation, Usage>[]): Figure[] => [
  {
    what: "operations that cost more with more entries stored",
    measured: new Set(more.flatMap((many) => growing(few!, many))).size,
    limit: 0,
  },
];

/** What the client adds to an app's bundle. */
export const bundleFigures = (bytes: number): Figure[] => [
  { what: "the client, minified and gzipped: bytes", measured: bytes, limit: 12 * KIB },
];
