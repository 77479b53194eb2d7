import { useMutation, useQuery } from "convex/react";
import { useId } from "react";
import type { InspectedEntry, InspectedKey } from "../../shared/inspectorProtocol.js";
import { verdict } from "../../shared/verdict.js";
import type { InspectorFunctions } from "./api.js";
import { clock, duration, size } from "./format.js";
import { useChange } from "./useChange.js";
import { useNow } from "./useNow.js";

/** One entry: why a fetch would be a hit or not, what is stored, and what can be done about it. */
export function Entry({
  api,
  inspected,
}: {
  api: InspectorFunctions;
  inspected: InspectedKey | null;
}) {
  const id = useId();
  const entry = useQuery(api.entry, inspected ?? "skip");
  const change = useChange();
  const refresh = useMutation(api.refresh);
  const expire = useMutation(api.expire);
  const remove = useMutation(api.remove);
  const buttons: [string, (key: InspectedKey) => Promise<string>][] = [
    [
      "Refresh",
      async (key) =>
        (await refresh(key))
          ? "A fill is scheduled."
          : "Nothing is kept by which to fill it again.",
    ],
    ["Expire", async (key) => (await expire(key), "It is not fresh any more.")],
    ["Remove", async (key) => ((await remove(key)) ? "It is removed." : "There was none.")],
  ];
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>Entry</h2>
      <div className="list detail" tabIndex={0} role="group" aria-labelledby={id}>
        {inspected === null && <p className="quiet">Choose one of the entries.</p>}
        {inspected !== null && entry && <Details entry={entry} />}
      </div>
      <div className="buttons">
        {buttons.map(([label, act]) => (
          <button
            key={label}
            type="button"
            disabled={inspected === null}
            onClick={() => inspected && change.make(() => act(inspected))}
          >
            {label}
          </button>
        ))}
        <span role="status">{change.said}</span>
      </div>
    </section>
  );
}

function Details({ entry: { explanation, knowsOptions, value } }: { entry: InspectedEntry }) {
  const now = useNow();
  const { state, sentence } = verdict(explanation, now);
  const { entry, tags } = explanation;
  return (
    <>
      <p>
        <span className={`state ${state}`}>{state}</span> {sentence}
      </p>
      {!knowsOptions && (
        <p className="quiet">
          Judged by what is stored: the page does not know this cache’s options.
        </p>
      )}
      {entry !== null && (
        <p className="quiet">
          Stored {clock(entry.createdAt)}, {size(entry.bytes)}
          {entry.fillMs !== null && `, filled in ${duration(entry.fillMs)}`}
          {tags.length > 0 && `, tagged ${tags.join(", ")}`}
        </p>
      )}
      {value.kind === "shown" && (
        <pre>
          {pretty(value.json)}
          {value.isCut && "\n… and more"}
        </pre>
      )}
      {value.kind === "withheld" && <p className="quiet">You are not allowed to see its value.</p>}
    </>
  );
}

/** JSON on several lines; as it is, where it was cut. */
function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
