import { ActionCacheInspector } from "@convex-dev/action-cache/react";
import { useState } from "react";
import { api } from "../convex/_generated/api.js";
import { Ask } from "./Ask.js";
import { Entry } from "./Entry.js";
import { TrafficChart } from "./TrafficChart.js";
import { Upstream } from "./Upstream.js";
import { useAsk } from "./useAsk.js";

/** What a page may ask for first, where there is a place of every name. */
const SUGGESTIONS = ["Berlin", "Hamburg", "Tokyo", "Lagos", "São Paulo"];

export function App() {
  const [name, setName] = useState(SUGGESTIONS[0]!);
  const asking = useAsk();
  return (
    <main>
      <header>
        <h1>Action cache</h1>
        <p>
          Each place is looked up by a slow action. Its answer is fresh for 20 seconds, and served
          stale for 40 more while one refresh runs. Open a second tab: it is told of every change.
        </p>
      </header>
      <div className="columns">
        <Ask name={name} onName={setName} suggestions={SUGGESTIONS} asking={asking} />
        <Entry name={name} />
        <Upstream />
        <TrafficChart />
      </div>
      <h2>The inspector, for an admin page of your own</h2>
      <ActionCacheInspector api={api.placesInspector} />
    </main>
  );
}
