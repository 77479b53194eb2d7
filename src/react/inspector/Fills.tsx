import { useQuery } from "convex/react";
import type { InspectorFunctions } from "./api.js";
import { since, until } from "./format.js";
import { Owner, Rows } from "./Rows.js";
import { useNow } from "./useNow.js";

/** The fills that run or are scheduled, each with its lease. */
export function Fills({ api }: { api: InspectorFunctions }) {
  const fills = useQuery(api.fills, {});
  const now = useNow();
  return (
    <Rows
      title="Running fills"
      none="None runs."
      listed={fills}
      keyOf={({ leaseKey, since }) => `${leaseKey} ${since}`}
    >
      {({ name, tenant, state, since: began, leaseUntil }) => (
        <>
          <Owner name={name} tenant={tenant} /> {state}, began {since(began, now)};{" "}
          <span className={leaseUntil <= now ? "bad" : undefined}>
            {leaseUntil <= now ? "its lease lapsed" : `its lease ends ${until(leaseUntil, now)}`}
          </span>
        </>
      )}
    </Rows>
  );
}
