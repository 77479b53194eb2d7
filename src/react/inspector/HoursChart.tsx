import type { Figures } from "../../shared/statsProtocol.js";
import { count, duration, percent } from "./format.js";

type Hour = Pick<
  Figures["hours"][number],
  "hour" | "hits" | "staleHits" | "misses" | "coalesced" | "hitRate" | "savedMs"
>;

const HOUR_MS = 3_600_000;
const HOURS = 24;
const WIDTH = 20;
const BAR = WIDTH - 4;
const HEIGHT = 80;

const servedOf = ({ hits, staleHits }: Hour) => hits + staleHits;
const fetchesOf = (hour: Hour) => servedOf(hour) + hour.coalesced + hour.misses;

/** What a bar is made of, from the top: each reaches as far as what stands below it and itself. */
const KINDS = [
  { kind: "miss", label: "missed", upTo: fetchesOf },
  { kind: "coalesced", label: "coalesced", upTo: (hour: Hour) => servedOf(hour) + hour.coalesced },
  { kind: "hit", label: "hit", upTo: servedOf },
];

/** The last day: how many fetches each hour had, what part of them hit, and what that saved. */
export function HoursChart({ hours, now }: { hours: Hour[]; now: number }) {
  const current = Math.floor(now / HOUR_MS) * HOUR_MS;
  const shown = Array.from({ length: HOURS }, (_, index) => {
    const hour = current - (HOURS - 1 - index) * HOUR_MS;
    return hours.find((known) => known.hour === hour) ?? emptyHour(hour);
  });
  const most = Math.max(1, ...shown.map(fetchesOf));
  const heightOf = (fetches: number) => (fetches / most) * HEIGHT;
  return (
    <figure>
      <figcaption>
        Fetches by the hour, of the last {HOURS}:{" "}
        {KINDS.map(({ kind, label }) => (
          <span key={kind}>
            <span className={`key ${kind}`} /> {label}{" "}
          </span>
        ))}
      </figcaption>
      <svg
        viewBox={`0 0 ${HOURS * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Fetches by the hour, as in the table below"
      >
        {shown.map((hour, index) => (
          <g key={index} transform={`translate(${index * WIDTH + 2} 0)`}>
            <title>{sentenceOf(hour)}</title>
            {/* As high as the chart, so that one need not hit the bar to read its title. */}
            <rect className="whole" width={BAR} height={HEIGHT} />
            {/* The highest first: each stands before what it is a part of. */}
            {KINDS.map(({ kind, upTo }) => (
              <rect
                key={kind}
                className={kind}
                width={BAR}
                y={HEIGHT - heightOf(upTo(hour))}
                height={heightOf(upTo(hour))}
              />
            ))}
          </g>
        ))}
      </svg>
      <details>
        <summary>As a table</summary>
        <div className="list short" tabIndex={0} role="group" aria-label="Figures by the hour">
          <table>
            <thead>
              <tr>
                <th scope="col">Hour</th>
                <th scope="col">Fetches</th>
                <th scope="col">Hit rate</th>
                <th scope="col">Time saved</th>
              </tr>
            </thead>
            <tbody>
              {shown
                .slice()
                .reverse()
                .map((hour) => (
                  <tr key={hour.hour}>
                    <th scope="row">{timeOf(hour)}</th>
                    <td>{count(fetchesOf(hour))}</td>
                    <td>{percent(hour.hitRate)}</td>
                    <td>{duration(hour.savedMs)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

const emptyHour = (hour: number): Hour => ({
  hour,
  hits: 0,
  staleHits: 0,
  misses: 0,
  coalesced: 0,
  hitRate: null,
  savedMs: 0,
});

const timeOf = ({ hour }: Hour) =>
  new Date(hour).toLocaleTimeString(undefined, { timeStyle: "short" });
const sentenceOf = (hour: Hour) =>
  `${timeOf(hour)}: ${count(fetchesOf(hour))} fetches, hit rate ${percent(hour.hitRate)}, ${duration(hour.savedMs)} saved`;
