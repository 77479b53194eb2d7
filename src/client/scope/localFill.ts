import type { Filled } from "../../shared/engine/fill.js";

/** A fill that runs in this context, for those in it who wait for its value. */
export class LocalFill {
  /** Resolves to what came of it, or to what the action threw. */
  readonly ended: Promise<{ filled: Filled } | { error: unknown }>;
  #end: (how: { filled: Filled } | { error: unknown }) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Runs it, and tells those who wait how it ended. */
  async run(work: () => Promise<Filled>): Promise<Filled> {
    try {
      const filled = await work();
      this.#end({ filled });
      return filled;
    } catch (error) {
      this.#end({ error });
      throw error;
    }
  }
}
