import type { Counts } from "../shared/statsProtocol.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Answer } from "./answer.js";
import type { FetchCall } from "./fetchCall.js";
import type { Reports } from "./scope/reports.js";

/** The part of the hits that is counted, unless the cache says another. */
const SAMPLE = 0.05;

/**
 * Reports that a stored value was served: now and then for the figures, and to
 * eviction where it does not know. It failing costs the caller nothing.
 */
export async function reportHit(
  { reports }: { reports: Reports },
  call: FetchCall,
  { value, event, served }: Pick<Answer, "value" | "event" | "served">,
): Promise<void> {
  if (served === undefined) return;
  const { name, tenant, warnings } = call.cache;
  const counts = countsOf(call, value, event.get, served.fillMs);
  const resident = isVisitDue(call, served) ? served.residency!.id : undefined;
  if (counts === undefined && resident === undefined) return;
  try {
    await reports.add({ name, tenant, counts, resident });
  } catch (error) {
    const message = `hits could not be recorded, for figures or eviction: ${messageOf(error)}.`;
    warnings.warn("report", `${message} Look at the component's errors in the logs.`);
  }
}

/** What a hit adds to the figures, scaled by how few are counted. */
function countsOf(
  call: FetchCall,
  value: unknown,
  get: Answer["event"]["get"],
  fillMs: number | null,
): Counts | undefined {
  const { stats } = call.cache.config;
  if (!stats) return undefined;
  const sample = (stats === true ? undefined : stats.sample) ?? SAMPLE;
  if (Math.random() >= sample) return undefined;
  const counter = get === "hit" ? "hits" : get === "stale" ? "staleHits" : "coalesced";
  return {
    [counter]: 1 / sample,
    savedMs: (fillMs ?? 0) / sample,
    saved: call.costOf(value) / sample,
  };
}

/** Whether eviction is to be told that an entry was read. */
function isVisitDue(call: FetchCall, { residency }: NonNullable<Answer["served"]>): boolean {
  if (residency === undefined) return false;
  const { maxEntries, maxBytes, idleTtl = Infinity } = call.cache.config;
  const isUnknown = (maxEntries ?? maxBytes) !== undefined && !residency.visited;
  return isUnknown || Date.now() - residency.readAt >= idleTtl / 2;
}
