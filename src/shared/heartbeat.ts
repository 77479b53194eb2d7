import { Alarm } from "./alarm.js";
import { HEARTBEAT_MS } from "./leaseTimes.js";

/** Keeps the leases of one context's fills, with one heartbeat for all of them. */
export class Heartbeat {
  readonly #held = new Set<string>();
  readonly #alarm = new Alarm();
  #beating = false;
  /** The renewal that is under way, or was the last. */
  #renewing: Promise<void> = Promise.resolve();

  /** @param renew - Renews leases by their tokens, and resolves to those that are still held. */
  constructor(private readonly renew: (tokens: string[]) => Promise<string[]>) {}

  /** Holds a lease while `work` runs; ends with no heartbeat left under way. */
  async during<T>(token: string, work: () => Promise<T>): Promise<T> {
    this.#held.add(token);
    if (!this.#beating) void this.#beat();
    try {
      return await work();
    } finally {
      this.#held.delete(token);
      if (this.#held.size === 0) this.#alarm.wake();
      await this.#renewing;
    }
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    while (this.#held.size > 0) {
      const due = Date.now() + HEARTBEAT_MS;
      await this.#alarm.until(due);
      if (this.#held.size > 0 && Date.now() >= due) {
        this.#renewing = this.#renewAll();
        await this.#renewing;
      }
    }
    this.#beating = false;
  }

  async #renewAll(): Promise<void> {
    const tokens = [...this.#held];
    try {
      const kept = await this.renew(tokens);
      for (const token of tokens) if (!kept.includes(token)) this.#held.delete(token);
    } catch {
      // A beat that is lost is made good by the next, or the lease lapses.
    }
  }
}
