/** What figures must tell, by what was written and called. */
import type { Figures } from "../shared/statsProtocol.js";
import { component, type createApp } from "./app.js";
import type { Simulation } from "./simulation.js";

type App = ReturnType<typeof createApp>;

/** Watches a simulation from now on, and tells what figures count exactly. */
export function watchFigures(simulation: Simulation): () => Promise<Partial<Figures>> {
  const { app, settled } = simulation;
  const inserted = { fills: 0, evictions: 0 };
  app.observer.fault = (op, { table, value }) => {
    if (op !== "1.0/insert") return;
    if (table === "fills" && (value as { state: string }).state === "running") inserted.fills += 1;
    if (table !== "evictions") return;
    inserted.evictions += 1;
    simulation.evicted();
  };
  return async () => {
    const ended = (kind: string) => settled.filter(({ result }) => result.kind === kind);
    const { values } = await app.stored();
    return {
      misses: inserted.fills,
      fills: settled.length,
      errors: ended("failed").length,
      skipped: ended("skipped").length,
      rejected: ended("value").filter(({ settlement }) => settlement.kind === "rejected").length,
      puts: simulation.puts,
      evictions: inserted.evictions,
      entries: values.length,
      bytes: values.reduce((sum, { size = 0 }) => sum + size, 0),
    };
  };
}

/** The figures of a cache, or of a tenant's part of it. */
export const figuresOf = ({ t }: App, name: string, tenant?: string): Promise<Figures> =>
  t.query((ctx) => ctx.runQuery(component.stats.get, { name, tenant }));
