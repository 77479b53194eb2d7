/** Times, sizes and ratios as a terminal shows them. */
import { DAY, HOUR, MINUTE, SECOND } from "../../../shared/time.js";
import { iso } from "../../../shared/verdict.js";

/** A moment, and how far it is from now; null is never. */
export function moment(time: number | null, now: number): string {
  if (time === null || time === Infinity) return "never";
  const distance = Math.abs(time - now);
  if (distance < SECOND) return `${iso(time)} (now)`;
  return `${iso(time)} (${time > now ? `in ${span(distance)}` : `${span(distance)} ago`})`;
}

const UNITS: [number, string][] = [
  [DAY, "days"],
  [HOUR, "h"],
  [MINUTE, "min"],
  [SECOND, "s"],
];

/** A length of time, in the largest unit of which it has two; null where none is known. */
export function span(ms: number | null): string {
  if (ms === null) return "unknown";
  const [length, unit] = UNITS.find(([length]) => ms >= 2 * length) ?? [1, "ms"];
  return `${Math.round(ms / length)} ${unit}`;
}

/** A size in thousands of bytes, or in millions. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [length, unit] = bytes < 999_950 ? [1000, "KB"] : [1_000_000, "MB"];
  return `${(bytes / length).toFixed(1)} ${unit}`;
}

/** A part of a whole; null where there is no whole. */
export const ratio = (part: number | null): string =>
  part === null ? "unknown" : `${Math.round(100 * part)} %`;

/** A cursor as it can be pasted into a command between quotes of either kind. */
export const quotable = (cursor: string) => encodeURIComponent(cursor).replaceAll("'", "%27");

/** The cursor that was pasted; what was none to begin with stays so, and is refused. */
export function unquoted(cursor: string): string {
  try {
    return decodeURIComponent(cursor);
  } catch {
    return cursor;
  }
}
