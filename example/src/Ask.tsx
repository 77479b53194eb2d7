import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api.js";
import { Answers } from "./Answers.js";
import type { Asking } from "./useAsk.js";

const CROWD = 50;

/** Asks for a place, as one person or as many. */
export function Ask({
  name,
  onName,
  suggestions,
  asking: { asked, isAsking, ask },
}: {
  name: string;
  onName: (name: string) => void;
  suggestions: string[];
  asking: Asking;
}) {
  const remove = useMutation(api.places.remove);
  const wanted = name.trim();
  return (
    <section aria-labelledby="ask">
      <h2 id="ask">Ask for a place</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== "") void ask(wanted);
        }}
      >
        <label htmlFor="name">Place</label>
        <input
          id="name"
          value={name}
          onChange={(event) => onName(event.target.value)}
          list="suggestions"
          autoComplete="off"
          spellCheck={false}
          required
        />
        <datalist id="suggestions">
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
        <button className="primary" disabled={isAsking}>
          Ask
        </button>
      </form>
      <div className="buttons">
        <button
          disabled={isAsking || wanted === ""}
          onClick={() => void ask(wanted, { force: true })}
        >
          Force a new answer
        </button>
        <button
          disabled={isAsking || wanted === ""}
          onClick={() => void remove({ name: wanted }).then(() => ask(wanted, { people: CROWD }))}
        >
          {CROWD} people at once
        </button>
      </div>
      <Answers asked={asked} />
    </section>
  );
}
