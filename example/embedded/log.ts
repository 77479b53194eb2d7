/** Collects what the functions log: on a deployment it goes to the dashboard, here it would run through the report. */
export class CapturedLog {
  #hits = 0;
  readonly #others: string[] = [];
  readonly #originals = { log: console.log, warn: console.warn, error: console.error };

  constructor() {
    for (const method of ["log", "warn", "error"] as const) {
      console[method] = (...values: unknown[]) => this.#add(values.map(String).join(" "));
    }
  }

  /** The hits since the last time it was asked. */
  takeHits(): number {
    const hits = this.#hits;
    this.#hits = 0;
    return hits;
  }

  /** Takes out a line that was expected; whether there was one. */
  take(expected: string): boolean {
    const index = this.#others.findIndex((line) => line.includes(expected));
    return index >= 0 && this.#others.splice(index, 1).length > 0;
  }

  /** Gives the console back, and shows on it what nobody expected. */
  release(): void {
    Object.assign(console, this.#originals);
    for (const line of this.#others.splice(0)) console.error(line);
  }

  #add(line: string): void {
    // A cache with `log: true` writes such a line for every fetch.
    if (!line.startsWith('{"type":"action-cache-stats"')) this.#others.push(line);
    else if ((JSON.parse(line) as { get: string }).get === "hit") this.#hits += 1;
  }
}
