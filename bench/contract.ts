/** The figures that this version must keep to, and whether it does. */
import { RELATIONS, relations } from "./contention.js";
import { type Cost, type OperationName, operationNames, SIZES } from "./cost.js";
import type { Results } from "./results.js";
import { growing } from "./scale.js";

/** A figure, and the most that it may be. One that is not due yet is shown, and fails nothing. */
export type Figure = { what: string; measured: number; limit: number; isDue?: false };

export const isMet = ({ measured, limit }: Figure) => measured <= limit;
export const isMissed = (figure: Figure) => figure.isDue !== false && !isMet(figure);

const KIB = 1024;
const VALUE = SIZES["14 KB"];
/** What an entry holds beside its value, and the small rows that are read and written with it. */
const BESIDES = KIB;

/** The most that single operations may use, for values of 14 KB. */
const LIMITS: { [operation in OperationName]?: Partial<Record<keyof Cost, number>> } = {
  hit: { calls: 1, handles: 0, documentsRead: 1, bytesRead: VALUE + BESIDES },
  "the same hit a minute later": { calls: 1, handles: 0, documentsRead: 0, bytesRead: 0 },
  "hit after a clear of its name": { calls: 1, documentsRead: 2 },
  miss: {
    calls: 4,
    handles: 0,
    valueWrites: 1,
    metadataWrites: 1,
    bytesRead: KIB - 1,
    bytesWritten: VALUE + BESIDES,
  },
  "forced refresh": {
    calls: 3,
    handles: 0,
    bytesRead: 2 * VALUE + BESIDES,
    bytesWritten: VALUE + BESIDES,
  },
  "20 at once, nothing stored": { actions: 1, calls: 45 },
  "NYC, LA, NYC, nothing stored": { calls: 6, actions: 2 },
};

/** What the units of a cost are called. */
const NAMES: Partial<Record<keyof Cost, string>> = {
  calls: "function calls",
  actions: "runs of the action",
  handles: "function handles",
  documentsRead: "documents read",
  bytesRead: "bytes read",
  bytesWritten: "bytes written",
  valueWrites: "writes of values",
  metadataWrites: "writes of expiries",
};

/** The figures of single operations. */
export const operationFigures = (costOf: (operation: OperationName) => Cost): Figure[] =>
  operationNames.flatMap((operation) =>
    Object.entries(LIMITS[operation] ?? {}).map(([unit, limit]): Figure => {
      const measured = costOf(operation)[unit as keyof Cost];
      const figure = { what: `${operation}: ${NAMES[unit as keyof Cost]}`, measured, limit };
      // Callers that find a fill running still claim first.
      const isDue = !(operation === "20 at once, nothing stored" && unit === "calls");
      return isDue ? figure : { ...figure, isDue: false };
    }),
  );

/** All figures. */
export function figuresOf(results: Results): Figure[] {
  const { costs, clear, purge, mutationFetch, contention, scale, bundle } = results;
  const [few, ...more] = scale.ours;
  return [
    ...operationFigures((operation) => costs["14 KB"][operation].ours),
    {
      what: "a mutation that fetches 50 names: nested calls",
      measured: mutationFetch.nested,
      limit: 1,
    },
    { what: "clearing 1,000 entries: mutations", measured: clear.ours.mutations, limit: 1 },
    {
      what: "clearing 1,000 entries: documents written",
      measured: clear.ours.documentsWritten,
      limit: 1,
    },
    {
      what: "purging 10,000 expired entries: mutations",
      measured: purge.ours.mutations,
      limit: 45,
    },
    ...relations
      .filter((relation) => !RELATIONS[relation].mayConflict)
      .map((relation) => ({
        what: `${relation}: conflicting pairs`,
        measured: contention.ours.relations[relation].conflicts.length,
        limit: 0,
      })),
    {
      what: "operations that cost more with more entries stored",
      measured: new Set(more.flatMap((many) => growing(few!, many))).size,
      limit: 0,
    },
    { what: "the client, minified and gzipped: bytes", measured: bundle.ours, limit: 12 * KIB },
    { what: "`freshness` alone: bytes", measured: bundle.freshness, limit: 500 },
  ];
}
