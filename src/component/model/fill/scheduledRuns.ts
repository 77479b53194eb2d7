import { getConvexSize } from "convex/values";
import { MAX_SCHEDULED_BYTES } from "../../../shared/limits.js";
import type { ReservedFill } from "../../../shared/fillProtocol.js";
import type { Runner } from "../../../shared/protocol.js";
import { internal } from "../../_generated/api.js";
import type { MutationCtx } from "../../_generated/server.js";
import { callOf } from "./run.js";

/** Fills of one cache that one function is to run, and what their arguments add up to. */
type Group = { fills: ReservedFill[]; bytes: number };

/** Schedules the fills of one transaction: those that one run can have together, by one function. */
export class ScheduledRuns {
  readonly #ctx: MutationCtx;
  readonly #groups = new Map<string, Group>();

  constructor(ctx: MutationCtx) {
    this.#ctx = ctx;
  }

  /** Adds a fill that is reserved. */
  async add(fill: ReservedFill): Promise<void> {
    const max = maxTogether(fill.runner);
    if (max === 1) return await this.#schedule([fill]);
    const key = JSON.stringify([fill.name, fill.runner]);
    const group = this.#groups.get(key) ?? { fills: [], bytes: 0 };
    const bytes = getConvexSize(fill.args);
    if (group.fills.length === max || group.bytes + bytes > MAX_SCHEDULED_BYTES) {
      await this.#schedule(group.fills);
      group.fills = [];
      group.bytes = 0;
    }
    group.fills.push(fill);
    group.bytes += bytes;
    this.#groups.set(key, group);
  }

  /** Schedules those that have waited for others. */
  async flush(): Promise<void> {
    for (const { fills } of this.#groups.values()) await this.#schedule(fills);
    this.#groups.clear();
  }

  async #schedule(fills: ReservedFill[]): Promise<void> {
    if (fills.length === 0) return;
    const { scheduler } = this.#ctx;
    const { runner } = fills[0]!;
    if (runner.kind === "component") await scheduler.runAfter(0, internal.fills.run, { fills });
    else await scheduler.runAfter(0, ...callOf(runner, fills));
  }
}

function maxTogether(runner: Runner): number {
  return (runner.kind === "component" ? runner.batch?.max : runner.maxBatch) ?? 1;
}
