/** A line that a cache with `log: true` writes for every fetch. */
export interface CacheEvent {
  type: "action-cache-stats";
  name: string;
  get: string;
  put?: string;
}

/**
 * Collects what the functions log. On a deployment it goes to the dashboard; here it would run through
 * the progress bar, and this program counts the events in it.
 */
export class CapturedLog {
  #events: CacheEvent[] = [];
  #others: unknown[][] = [];
  #originals = { log: console.log, warn: console.warn, error: console.error };

  constructor() {
    for (const method of ["log", "warn", "error"] as const) {
      console[method] = (...values: unknown[]) => this.#add(values);
    }
  }

  /** The events since the last time it was asked. */
  takeEvents(): CacheEvent[] {
    return this.#events.splice(0);
  }

  /** Gives the console back, and shows on it what was no event, lest a warning go unseen. */
  release(): void {
    Object.assign(console, this.#originals);
    for (const values of this.#others.splice(0)) console.error(...values);
  }

  #add(values: unknown[]): void {
    const event = parseEvent(values[0]);
    if (event) this.#events.push(event);
    else this.#others.push(values);
  }
}

function parseEvent(line: unknown): CacheEvent | null {
  if (typeof line !== "string" || !line.startsWith("{")) return null;
  try {
    const parsed = JSON.parse(line) as Partial<CacheEvent>;
    return parsed.type === "action-cache-stats" ? (parsed as CacheEvent) : null;
  } catch {
    return null;
  }
}
