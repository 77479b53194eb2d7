import { useFreshness } from "@convex-dev/action-cache/react";
import { useMutation, useQuery } from "convex/react";
import { useEffect, useState } from "react";
import { api } from "../convex/_generated/api.js";

/** What is stored of a place, live, and what can be done to it. */
export function Entry({ name }: { name: string }) {
  const wanted = name.trim();
  const stored = useQuery(api.places.stored, { name: wanted });
  const freshness = useFreshness(stored);
  const expire = useMutation(api.places.expire);
  const remove = useMutation(api.places.remove);
  const clear = useMutation(api.places.clear);
  const invalidateCountry = useMutation(api.places.invalidateCountry);
  const countryCode = stored?.place?.countryCode ?? null;
  const isFilling = stored != null && stored.fillingUntil !== null;
  return (
    <section aria-labelledby="entry">
      <h2 id="entry">What is stored</h2>
      <p className="entry">
        <span className={`badge ${freshness ?? "none"}`}>{freshness ?? "nothing"}</span>{" "}
        <span>{wanted || "no name"}</span>
        {isFilling && <span className="hint"> a refresh is under way</span>}
      </p>
      <p className="hint">{stored ? <Times {...stored} /> : "It comes with the next answer."}</p>
      <div className="buttons">
        <button disabled={!stored} onClick={() => void expire({ name: wanted })}>
          Expire
        </button>
        <button disabled={!stored} onClick={() => void remove({ name: wanted })}>
          Remove
        </button>
        <button
          disabled={countryCode === null}
          onClick={() => void invalidateCountry({ countryCode: countryCode! })}
        >
          Invalidate the tag <code>country:{countryCode ?? "··"}</code>
        </button>
        <button onClick={() => void clear({})}>Clear all places</button>
      </div>
    </section>
  );
}

/** Ticks, by the browser's clock: the query that reads the entry has none. */
function Times({
  createdAt,
  expiresAt,
  staleUntil,
}: {
  createdAt: number;
  expiresAt: number | null;
  staleUntil: number | null;
}) {
  const now = useNow();
  const age = `stored ${seconds(now - createdAt)} ago`;
  if (expiresAt === null || now < expiresAt) {
    return <>{`${age}, fresh for ${expiresAt === null ? "good" : seconds(expiresAt - now)}`}</>;
  }
  if (staleUntil === null || now < staleUntil) {
    return <>{`${age}, stale for ${staleUntil === null ? "good" : seconds(staleUntil - now)}`}</>;
  }
  return <>{`${age}, expired; served only if the service fails`}</>;
}

/** The time in ms, to the second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

const seconds = (ms: number) => `${Math.max(0, Math.round(ms / 1000))} s`;
