import type { FillResult } from "../../../shared/fillProtocol.js";
import type { Counts } from "../../../shared/statsProtocol.js";
import { HOUR } from "../../../shared/time.js";
import type { Doc } from "../../_generated/dataModel.js";

/** Whose figures something counts for. */
export type Labels = { name: string; tenant?: string };

/** The hour in which something happened, by when it began, in ms. */
export const hourOf = (time: number) => Math.floor(time / HOUR) * HOUR;

/** Stands for all hours that are not kept apart any more. */
export const EARLIER = 0;

/** Adds up counts, none of which is changed. */
export function sum(...all: (Counts | undefined)[]): Counts {
  const total: Counts = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts ?? {})) {
      const counter = name as keyof Counts;
      total[counter] = (total[counter] ?? 0) + count;
    }
  }
  return total;
}

/** The part of counts that tells what is stored, which no reset changes. */
export function storedOf({ entries, bytes }: Counts): Counts {
  return { ...(entries && { entries }), ...(bytes && { bytes }) };
}

/** The part of counts that tells what happened. */
export function eventsOf({ entries: _, bytes: __, ...events }: Counts): Counts {
  return events;
}

/** What deleting an entry adds to the figures; nothing where none are kept of it. */
export function goneFrom({ hasFigures, size = 0 }: Pick<Doc<"values">, "hasFigures" | "size">) {
  return hasFigures ? { entries: -1, bytes: -size } : {};
}

/** What the end of a fill adds to the figures, besides what it stored. */
export function endOf(result: FillResult, isStored: boolean): Counts {
  switch (result.kind) {
    case "value":
      return { fills: 1, fillMs: result.fillMs, ...(!isStored && { rejected: 1 }) };
    case "skipped":
      return { fills: 1, skipped: 1 };
    case "failed":
      return { fills: 1, errors: 1 };
  }
}
