import { useQuery } from "convex/react";
import { useId } from "react";
import type { InspectorFunctions } from "./api.js";
import { count, duration, percent, size } from "./format.js";
import { HoursChart } from "./HoursChart.js";
import { useNow } from "./useNow.js";

/** What a cache did in the last week, and by the hour. */
export function Figures({ api, name }: { api: InspectorFunctions; name: string | null }) {
  const id = useId();
  const figures = useQuery(api.figures, name === null ? "skip" : { name });
  const now = useNow();
  const told: [string, string | undefined][] = [
    ["Hit rate", figures && percent(figures.hitRate)],
    ["Time saved", figures && duration(figures.savedMs)],
    ["Hits", figures && count(figures.hits)],
    ["Stale hits", figures && count(figures.staleHits)],
    ["Misses", figures && count(figures.misses)],
    ["Fills", figures && count(figures.fills)],
    ["Entries", figures && count(figures.entries)],
    ["Stored", figures && size(figures.bytes)],
  ];
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>Figures</h2>
      <dl className="figures">
        {told.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value ?? "–"}</dd>
          </div>
        ))}
      </dl>
      <HoursChart hours={figures?.hours ?? []} now={now} />
    </section>
  );
}
