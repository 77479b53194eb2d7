const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** A duration in ms, in its largest unit: "12 s". */
export function duration(ms: number): string {
  const positive = Math.max(0, ms);
  const [size, unit] = UNITS.find(([size]) => positive >= size) ?? [1, "ms"];
  // Seconds that count down need no fraction; the hours that were saved do.
  const digits = size > 1000 && positive < 10 * size ? 1 : 0;
  return `${count(positive / size, digits)} ${unit}`;
}

/** How long until a time in ms, to the second; "any moment" from then on. */
export function until(time: number, now: number): string {
  return time <= now ? "any moment" : `in ${duration(Math.max(1000, time - now))}`;
}

/** How long since a time in ms, to the second. */
export function since(time: number, now: number): string {
  return now - time < 1000 ? "just now" : `${duration(now - time)} ago`;
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${count(bytes / 1000, 1)} kB` : `${count(bytes / 1_000_000, 1)} MB`;
}

export function count(value: number, digits = 0): string {
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** A part of one in percent; a dash where there is none. */
export function percent(part: number | null): string {
  return part === null ? "–" : `${count(part * 100, 1)}%`;
}

/** A time in ms by the clock of the reader's own place. */
export function clock(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
}
