import type { ComponentApi } from "../component/_generated/component.js";
import { HEARTBEAT_MS } from "../shared/lease.js";
import type { ActionContext } from "./contexts.js";

/** Keeps the leases of one context's fills, with one heartbeat for all of them. */
export class Leases {
  readonly #held = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly ctx: ActionContext,
    private readonly component: ComponentApi,
  ) {}

  /** Holds a lease while `work` runs; ends with no heartbeat left under way. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    this.#held.add(token);
    this.#timer ??= this.#next();
    try {
      return await work();
    } finally {
      this.#held.delete(token);
      if (this.#held.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
      await this.#beating;
    }
  }

  #next() {
    return setTimeout(() => {
      this.#beating = this.#beat();
    }, HEARTBEAT_MS);
  }

  async #beat(): Promise<void> {
    this.#timer = undefined;
    const tokens = [...this.#held];
    try {
      const held = new Set(await this.ctx.runMutation(this.component.fills.heartbeat, { tokens }));
      for (const token of tokens) if (!held.has(token)) this.#held.delete(token);
    } catch {
      // A beat that is lost is made good by the next, or the lease lapses.
    }
    if (this.#held.size > 0) this.#timer ??= this.#next();
  }
}
