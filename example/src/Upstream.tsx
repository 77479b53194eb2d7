import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api.js";

const MODES = {
  normal: "answers",
  slow: "takes 4 seconds",
  down: "is down",
} as const;

type Mode = keyof typeof MODES;

/** Makes the service behind the cache slow, or lets it fail: for everybody who has the page open. */
export function Upstream() {
  const mode = useQuery(api.upstream.mode);
  const setMode = useMutation(api.upstream.setMode).withOptimisticUpdate((store, args) =>
    store.setQuery(api.upstream.mode, {}, args.mode),
  );
  return (
    <section aria-labelledby="upstream">
      <fieldset>
        <legend id="upstream">The service</legend>
        {Object.entries(MODES).map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="mode"
              value={value}
              checked={mode === value}
              onChange={() => void setMode({ mode: value as Mode })}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <p className="hint">
        Let it fail once a place is stored: the place is still served, and comes fresh again when
        the service does.
      </p>
    </section>
  );
}
