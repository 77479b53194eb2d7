import type { ComponentApi } from "../component/_generated/component.js";
import { HEARTBEAT_MS } from "../shared/lease.js";
import { Alarm } from "./alarm.js";
import type { ActionContext } from "./contexts.js";

/** Keeps the leases of one context's fills, with one heartbeat for all of them. */
export class Leases {
  readonly #held = new Set<string>();
  readonly #alarm = new Alarm();
  #beating: Promise<void> | undefined;

  constructor(
    private readonly ctx: ActionContext,
    private readonly component: ComponentApi,
  ) {}

  /** Holds a lease while `work` runs; ends with no heartbeat left under way. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    this.#held.add(token);
    this.#beating ??= this.#beat();
    try {
      return await work();
    } finally {
      this.#held.delete(token);
      if (this.#held.size === 0) {
        this.#alarm.wake();
        await this.#beating;
      }
    }
  }

  async #beat(): Promise<void> {
    while (this.#held.size > 0) {
      const due = Date.now() + HEARTBEAT_MS;
      await this.#alarm.until(due);
      if (this.#held.size > 0 && Date.now() >= due) await this.#renew();
    }
    this.#beating = undefined;
  }

  async #renew(): Promise<void> {
    const tokens = [...this.#held];
    try {
      const kept = await this.ctx.runMutation(this.component.fills.heartbeat, { tokens });
      for (const token of tokens) if (!kept.includes(token)) this.#held.delete(token);
    } catch {
      // A beat that is lost is made good by the next, or the lease lapses.
    }
  }
}
