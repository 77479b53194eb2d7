import { useQuery } from "convex/react";
import { useId, useState } from "react";
import type { InspectorFunctions } from "./api.js";
import { Entries } from "./Entries.js";
import { Entry } from "./Entry.js";
import { Failures } from "./Failures.js";
import { Figures } from "./Figures.js";
import { Fills } from "./Fills.js";
import { Invalidations } from "./Invalidations.js";
import { Refusable } from "./Refusable.js";
import type { InspectedKey } from "../../shared/inspectorProtocol.js";
import { STYLES } from "./styles.js";

/**
 * Shows an app's caches, live, and lets who may do so change them: figures by the hour,
 * entries with their freshness, running fills, remembered failures and invalidations.
 *
 * Below a `ConvexProvider`, on a page of the app's own. Whom the `allow` of `inspectorApi`
 * does not let in is told so, and shown nothing.
 *
 * @param api - What the app exports of `inspectorApi`, such as `api.inspector`.
 * @param colorScheme - Default: "light dark", which follows the reader's choice.
 *
 * @example
 * <ActionCacheInspector api={api.inspector} />
 */
export function ActionCacheInspector({
  api,
  colorScheme = "light dark",
}: {
  api: InspectorFunctions;
  colorScheme?: "light" | "dark" | "light dark";
}) {
  return (
    <div className="action-cache-inspector" style={{ colorScheme }}>
      {/* Set in this way it is the same on a server, where React escapes what it is given as text. */}
      <style dangerouslySetInnerHTML={{ __html: STYLES }} />
      <Refusable>
        <Caches api={api} />
      </Refusable>
    </div>
  );
}

function Caches({ api }: { api: InspectorFunctions }) {
  const id = useId();
  const listed = useQuery(api.names, {});
  const [chosen, choose] = useState<string | null>(null);
  const [selected, select] = useState<InspectedKey | null>(null);
  const names = listed?.names ?? [];
  const name = chosen !== null && names.includes(chosen) ? chosen : (names[0] ?? null);
  const inspected = selected?.name === name ? selected : null;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Cache</label>
        <select
          id={id}
          value={name ?? ""}
          disabled={name === null}
          onChange={(event) => choose(event.target.value)}
        >
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
          {name === null && <option value="">{listed ? "none has entries yet" : "…"}</option>}
        </select>
      </div>
      <Figures api={api} name={name} />
      <div className="columns">
        {/* Another cache has other entries, and is searched for others. */}
        <Entries key={name} api={api} name={name} selected={inspected} onSelect={select} />
        <Entry api={api} inspected={inspected} />
      </div>
      <div className="columns">
        <Fills api={api} />
        <Failures api={api} />
        <Invalidations api={api} />
      </div>
    </>
  );
}
