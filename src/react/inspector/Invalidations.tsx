import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import type { InspectorFunctions } from "./api.js";
import { since } from "./format.js";
import { Rows } from "./Rows.js";
import { useNow } from "./useNow.js";

type Invalidation = FunctionReturnType<InspectorFunctions["invalidations"]>["items"][number];

/** The invalidations that are kept, as some of what is stored may be older. */
export function Invalidations({ api }: { api: InspectorFunctions }) {
  const invalidations = useQuery(api.invalidations, {});
  const now = useNow();
  return (
    <Rows
      title="Invalidations"
      none="None is kept."
      listed={invalidations}
      keyOf={(one) => JSON.stringify([one.by, one.name, one.tag, one.tenant, one.mode, one.at])}
    >
      {(invalidation) => (
        <>
          {whatOf(invalidation)} {invalidation.mode === "expire" ? "expired" : "removed"}{" "}
          {since(invalidation.at, now)}
          {invalidation.refresh && ", to be filled again"}
        </>
      )}
    </Rows>
  );
}

function whatOf({ by, name, tag, tenant, allTenants }: Invalidation) {
  const whose = allTenants ? " of every tenant" : tenant === undefined ? "" : ` of ${tenant}`;
  if (by === "everything") return <strong>everything</strong>;
  return (
    <>
      {by} <strong>{tag ?? name ?? tenant}</strong>
      {by === "tenant" && tag === undefined && name === undefined ? "" : whose}
    </>
  );
}
