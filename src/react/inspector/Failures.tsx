import { useQuery } from "convex/react";
import type { InspectorFunctions } from "./api.js";
import { since, until } from "./format.js";
import { Owner, Rows } from "./Rows.js";
import { useNow } from "./useNow.js";

/** The failures that are remembered: until when each is thrown again, and nothing tries anew. */
export function Failures({ api }: { api: InspectorFunctions }) {
  const failures = useQuery(api.failures, {});
  const now = useNow();
  // Those that are over are kept for a while.
  const listed = failures && {
    ...failures,
    items: failures.items.filter(({ until, retryAt }) => Math.max(until ?? 0, retryAt) > now),
  };
  return (
    <Rows
      title="Remembered failures"
      none="None is remembered."
      listed={listed}
      keyOf={({ leaseKey, beganAt }) => `${leaseKey} ${beganAt}`}
    >
      {({ name, tenant, message, beganAt, retryAt }) => (
        <>
          <Owner name={name} tenant={tenant} /> <span className="bad">{message ?? "failed"}</span>{" "}
          {since(beganAt, now)}; tried again {until(retryAt, now)}
        </>
      )}
    </Rows>
  );
}
