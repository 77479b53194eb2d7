import { useQuery } from "convex/react";
import { useDeferredValue, useId, useState } from "react";
import type { InspectedItem, InspectedKey } from "../../shared/inspectorProtocol.js";
import { toJson } from "../../shared/wire.js";
import { useFreshness } from "../useFreshness.js";
import type { InspectorFunctions } from "./api.js";
import { size, until } from "./format.js";
import { useNow } from "./useNow.js";

const PAGE_SIZE = 50;

/** A cache's entries, a page at a time, searched by their arguments and by a tag. */
export function Entries({
  api,
  name,
  selected,
  onSelect,
}: {
  api: InspectorFunctions;
  name: string | null;
  selected: InspectedKey | null;
  onSelect: (key: InspectedKey) => void;
}) {
  const id = useId();
  const [search, setSearch] = useState("");
  const [tag, setTag] = useState("");
  // Where the pages before this one ended.
  const [cursors, setCursors] = useState<string[]>([]);
  const wanted = useDeferredValue(search);
  const wantedTag = useDeferredValue(tag.trim());
  const page = useQuery(
    api.entries,
    name === null
      ? "skip"
      : {
          name,
          ...(wanted && { search: wanted }),
          ...(wantedTag && { tag: wantedTag }),
          cursor: cursors.at(-1) ?? null,
          numItems: PAGE_SIZE,
        },
  );
  const now = useNow();
  const entries = page?.page ?? [];
  const isLast = page?.isDone ?? true;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>Entries</h2>
      <div className="fields" role="search" aria-labelledby={id}>
        <div className="field">
          <label htmlFor={`${id}-search`}>Arguments</label>
          <input
            id={`${id}-search`}
            type="search"
            disabled={name === null}
            value={search}
            onChange={({ target }) => {
              setSearch(target.value);
              setCursors([]);
            }}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-tag`}>Tag</label>
          <input
            id={`${id}-tag`}
            type="search"
            disabled={name === null}
            value={tag}
            onChange={({ target }) => {
              setTag(target.value);
              setCursors([]);
            }}
          />
        </div>
      </div>
      <div className="list long" tabIndex={0} role="group" aria-labelledby={id}>
        {page && entries.length === 0 && (
          <p className="quiet">
            {isLast ? "No entry is found." : "None on this page. There are more pages."}
          </p>
        )}
        <ul>
          {name !== null &&
            entries.map((entry) => {
              const { tenant, storedKey } = entry;
              const key = { name, key: storedKey, ...(tenant !== undefined && { tenant }) };
              return (
                <li key={idOf(key)}>
                  <EntryButton
                    entry={entry}
                    now={now}
                    isSelected={selected !== null && idOf(selected) === idOf(key)}
                    onSelect={() => onSelect(key)}
                  />
                </li>
              );
            })}
        </ul>
      </div>
      <div className="buttons">
        <button
          type="button"
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Back
        </button>
        <button
          type="button"
          disabled={isLast}
          onClick={() => page && setCursors([...cursors, page.continueCursor])}
        >
          More
        </button>
      </div>
    </section>
  );
}

function EntryButton({
  entry,
  now,
  isSelected,
  onSelect,
}: {
  entry: InspectedItem;
  now: number;
  isSelected: boolean;
  onSelect: () => void;
}) {
  const freshness = useFreshness(entry);
  const { args, key, storedKey, tenant, tags, bytes, expiresAt, staleUntil } = entry;
  const ends = freshness === "fresh" ? expiresAt : freshness === "stale" ? staleUntil : null;
  return (
    <button type="button" className="entry" aria-pressed={isSelected} onClick={onSelect}>
      <code>{toJson(args ?? key ?? storedKey)}</code>
      <span className="facts">
        <span className={`state ${freshness}`}>{freshness}</span>
        {ends !== null && <span>ends {until(ends, now)}</span>}
        <span>{size(bytes)}</span>
        {tenant !== undefined && <span>of {tenant}</span>}
        {tags.map((tag) => (
          <span key={tag} className="tag">
            {tag}
          </span>
        ))}
      </span>
    </button>
  );
}

/** An entry's name and key as one string. */
function idOf({ key, tenant }: InspectedKey): string {
  return JSON.stringify([tenant ?? null, toJson(key)]);
}
