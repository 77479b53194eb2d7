/**
 * Says on `console.warn` what keeps a cache from caching: once per cache and
 * reason, and whatever its `log` is.
 */
export class Warnings {
  readonly #cache: string;
  readonly #said = new Set<string>();

  constructor(cache: string) {
    this.#cache = cache;
  }

  warn(kind: string, message: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    console.warn(`action cache \`${this.#cache}\`: ${message}`);
  }
}
