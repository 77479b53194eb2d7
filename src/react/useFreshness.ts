import { useCallback, useSyncExternalStore } from "react";
import { type Freshness, freshness } from "../shared/freshness.js";

/** The times of an entry that its freshness follows from, in ms since 1970; null for never. */
export type FreshnessTimes = { expiresAt: number | null; staleUntil: number | null };

/** The longest that a browser's timer waits, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Tells how fresh an entry is that a query peeked at, and renders again when that changes:
 * at the entry's `expiresAt` and `staleUntil`, by the clock of the machine it runs on.
 *
 * @param entry - An entry or its times; null and undefined, as `useQuery` gives them, have no freshness.
 *
 * @example
 * const entry = useQuery(api.weather.cached, { city });
 * const isStale = useFreshness(entry) === "stale";
 */
export function useFreshness(entry: FreshnessTimes): Freshness;
export function useFreshness(entry: FreshnessTimes | null | undefined): Freshness | null;
export function useFreshness(entry: FreshnessTimes | null | undefined): Freshness | null {
  // Numbers, so that an entry with the same times starts no timer anew.
  const expiresAt = entry?.expiresAt ?? Infinity;
  const staleUntil = entry?.staleUntil ?? Infinity;
  const subscribe = useCallback(
    (onChange: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wait = () => {
        const now = Date.now();
        const next = Math.min(...[expiresAt, staleUntil].filter((time) => time > now));
        if (next === Infinity) return;
        timer = setTimeout(
          () => {
            onChange();
            // Again, since a timer may ring too early, and there may be a second time to come.
            wait();
          },
          Math.min(next - now, LONGEST_MS),
        );
      };
      wait();
      return () => clearTimeout(timer);
    },
    [expiresAt, staleUntil],
  );
  // A word, so that rendering again with the same one ends there.
  const judge = () => (entry ? freshness(entry, Date.now()) : null);
  return useSyncExternalStore(subscribe, judge, judge);
}
