import type { ComponentApi } from "../../component/_generated/component.js";
import type { HitReport } from "../../shared/statsProtocol.js";
import type { MutationContext } from "../contexts.js";

/** Collects the hits of one tick that are to be reported into one call. Equal ones count each. */
export class Reports {
  readonly #send: (reports: HitReport[]) => Promise<unknown>;
  #sending: { reports: HitReport[]; sent: Promise<unknown> } | undefined;

  constructor(ctx: MutationContext, { stats }: ComponentApi) {
    this.#send = (reports) => ctx.runMutation(stats.report, { reports });
  }

  async add(report: HitReport): Promise<void> {
    this.#sending ??= this.#collect();
    this.#sending.reports.push(report);
    await this.#sending.sent;
  }

  #collect() {
    const reports: HitReport[] = [];
    const sent = Promise.resolve().then(() => {
      this.#sending = undefined;
      return this.#send(reports);
    });
    return { reports, sent };
  }
}
