// An app's page for tests: `?inspect=` names the module of the functions to inspect by, and `?fresh=` and
// `?stale=` the ms for which an entry is so.
import {
  ActionCacheInspector,
  type InspectorFunctions,
  useFreshness,
} from "@convex-dev/action-cache/react";
import { ConvexProvider, ConvexReactClient } from "convex/react";
import { anyApi } from "convex/server";
import { useRef, useState } from "react";
import { createRoot } from "react-dom/client";

const query = new URLSearchParams(location.search);
const inspected = query.get("inspect");

function Inspected({ module }: { module: string }) {
  const [client] = useState(() => new ConvexReactClient(import.meta.env.VITE_CONVEX_URL as string));
  return (
    <ConvexProvider client={client}>
      <section id="outside">
        <button>An app’s own</button>
      </section>
      <ActionCacheInspector api={anyApi[module] as unknown as InspectorFunctions} />
    </ConvexProvider>
  );
}

const now = Date.now();
const timeOf = (name: string) => (query.has(name) ? now + Number(query.get(name)) : null);

function Freshness() {
  const [entry, setEntry] = useState<Parameters<typeof useFreshness>[0] | null>({
    expiresAt: timeOf("fresh"),
    staleUntil: timeOf("stale"),
  });
  const freshness = useFreshness(entry);
  const renders = useRef(0);
  renders.current += 1;
  return (
    <>
      <output>{`${freshness} ${renders.current}`}</output>
      <button onClick={() => setEntry({ expiresAt: Date.now() + 1000, staleUntil: null })}>
        Refill
      </button>
      <button onClick={() => setEntry(null)}>Remove</button>
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  inspected === null ? <Freshness /> : <Inspected module={inspected} />,
);
