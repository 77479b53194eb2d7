import { refusal } from "../shared/errors.js";
import type { Figures } from "../shared/statsProtocol.js";
import type { Cache } from "./cache.js";
import type { QueryContext } from "./contexts.js";
import { checkTime } from "./validate.js";

/** The figures of a cache, or of a tenant's part of it. */
export async function statsOf(
  ctx: QueryContext,
  { name, tenant, component, config }: Cache,
  since: number | undefined,
): Promise<Figures> {
  checkTime("INVALID_SINCE", "`since`", since, "for all that is counted", name);
  if (!config.stats) {
    throw refusal({
      code: "STATS_REQUIRED",
      cache: name,
      option: "`stats`",
      value: config.stats,
      remedy: "Set it to true, so that figures are kept.",
    });
  }
  return await ctx.runQuery(component.stats.get, { name, tenant, since });
}
