import { useQuery } from "convex/react";
import { useEffect, useState } from "react";
import { api } from "../convex/_generated/api.js";

/** How long a bar is, in ms: as long as a part of `upstream.traffic`. */
const PART_MS = 5000;
const BARS = 24;
const HEIGHT = 90;
const LEAST = 3;
const WIDTH = 12;

/** Fetches, and the requests that they made, over the last two minutes. */
export function TrafficChart() {
  const traffic = useQuery(api.upstream.traffic) ?? [];
  const latest = useLatestPart();
  const shown = Array.from({ length: BARS }, (_, index) => {
    const at = latest - (BARS - 1 - index) * PART_MS;
    return traffic.find((part) => part.at === at) ?? { at, fetches: 0, requests: 0 };
  });
  const most = Math.max(5, ...shown.map(({ fetches, requests }) => Math.max(fetches, requests)));
  const sum = (of: "fetches" | "requests") => shown.reduce((total, part) => total + part[of], 0);
  const fetches = sum("fetches");
  const requests = sum("requests");
  // One request is to be seen beside 50 fetches.
  const heightOf = (count: number) => count && Math.max(LEAST, (count / most) * HEIGHT);
  return (
    <section aria-labelledby="traffic">
      <h2 id="traffic">Fetches and upstream requests</h2>
      <p className="legend">
        <span className="key fetches" /> fetches: <strong>{fetches}</strong>{" "}
        <span className="key requests" /> upstream requests: <strong>{requests}</strong>
      </p>
      <svg
        className="chart"
        viewBox={`0 0 ${BARS * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${fetches} fetches made ${requests} upstream requests in the last two minutes.`}
      >
        {shown.map(({ fetches, requests }, index) => (
          // By where it stands: one that is drawn anew is no layout shift, and one that moves is.
          <g key={index} transform={`translate(${index * WIDTH} 0)`}>
            <rect className="fetches" {...bar(1, heightOf(fetches))} />
            <rect className="requests" {...bar(6, heightOf(requests))} />
          </g>
        ))}
        <line x1="0" x2={BARS * WIDTH} y1={HEIGHT} y2={HEIGHT} />
      </svg>
      <p className="axis" aria-hidden="true">
        <span>2 minutes ago</span>
        <span>now</span>
      </p>
    </section>
  );
}

const bar = (x: number, height: number) => ({ x, y: HEIGHT - height, width: 4.5, height });

/** When the part of now began. */
function useLatestPart(): number {
  const partOf = (time: number) => Math.floor(time / PART_MS) * PART_MS;
  const [latest, setLatest] = useState(() => partOf(Date.now()));
  useEffect(() => {
    const timer = setInterval(() => setLatest(partOf(Date.now())), 1000);
    return () => clearInterval(timer);
  }, []);
  return latest;
}
