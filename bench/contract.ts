/** The figures that this version must keep to, and whether it does. */
import { RELATIONS, relations } from "./contention.js";
import { type Cost, limitsOf, type OperationName, operationNames } from "./cost.js";
import type { Both, Results } from "./results.js";

/** A figure, the most that it may be, and what it is in 0.3.1. */
export type Figure = {
  what: string;
  measured: number;
  limit: number;
  legacy?: number;
};

export const isMet = ({ measured, limit }: Figure) => measured <= limit;

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
export const operationFigures = (
  costs: Record<OperationName, { ours: Cost; legacy?: Cost }>,
): Figure[] =>
  operationNames.flatMap((operation) =>
    (Object.entries(limitsOf(operation)) as [keyof Cost, number][]).map(([unit, limit]) => ({
      what: `${operation}: ${NAMES[unit]}`,
      measured: costs[operation].ours[unit],
      limit,
      legacy: costs[operation].legacy?.[unit],
    })),
  );

/** All figures. */
export function figuresOf(results: Results): Figure[] {
  const { costs, clear, purge, mutationFetch, contention, growing, bundle } = results;
  const { forms, learned } = results;
  const figure = (what: string, measured: number, limit: number, legacy?: number): Figure => {
    return { what, measured, limit, legacy };
  };
  const versus = <T>(what: string, { ours, legacy }: Both<T>, of: (one: T) => number, limit = 0) =>
    figure(what, of(ours), limit, of(legacy));
  const cleared = "clearing 1,000 entries";
  return [
    ...operationFigures(costs),
    figure("a mutation that fetches 50 names: nested calls", mutationFetch.nested, 1),
    versus(`${cleared}: mutations`, clear, ({ mutations }) => mutations, 1),
    versus(`${cleared}: documents written`, clear, ({ documentsWritten }) => documentsWritten, 1),
    versus("purging 10,000 expired entries: mutations", purge, ({ mutations }) => mutations, 45),
    ...relations
      .filter((relation) => !RELATIONS[relation].mayConflict)
      .map((relation) =>
        versus(
          `${relation}: conflicting pairs`,
          contention,
          (found) => found.relations[relation].conflicts.length,
        ),
      ),
    ...forms,
    ...learned.map(([population, { learned, fixed }]) =>
      figure(
        `${population} changes, a learned ttl: stale reads of 1,000, beside the best fixed ttl's`,
        learned * 1000,
        fixed * 1000,
      ),
    ),
    figure("operations that cost more among 10,000 entries than among 10", growing, 0),
    figure("the client, minified and gzipped: bytes", bundle.client, 12 * 1024),
    figure("`freshness` alone: bytes", bundle.freshness, 500),
  ];
}
