/** What became of one fetch. */
export type LogEvent = {
  type: "action-cache-stats";
  /** The name of the cache. */
  name: string;
  /** The tenant whose entry it is, of a tenant's view. */
  tenant?: string;
  /**
   * `hit`: a stored value; `stale`: one past its ttl, within a window; `miss`: the
   * action ran, or a value stored meanwhile was used; `coalesced`: the value of a
   * fill that another caller ran; `refresh`: a refresher filled in the background.
   */
  get: "hit" | "stale" | "miss" | "coalesced" | "refresh";
  /**
   * After a miss or a refresh: `created` or `replaced` an entry; `hit`, a value
   * stored meanwhile was used; `skipped`, the value was not wanted, or not storable;
   * `rejected`, the entry was invalidated, or filled anew, while the action ran;
   * `failed`, the storage failed.
   */
  put?: "created" | "replaced" | "hit" | "skipped" | "rejected" | "failed";
  /** Why a value was not stored, or why a stale one was served although the action ran. */
  reason?: string;
  /** How long the action took, in ms, where it ran. */
  fillMs?: number;
};

/** The event of what became of a call. */
export function eventOf(
  { name, tenant }: { name: string; tenant?: string | undefined },
  what: Omit<LogEvent, "type" | "name" | "tenant">,
): LogEvent {
  const of = { type: "action-cache-stats", name, ...(tenant !== undefined && { tenant }) } as const;
  return { ...of, ...what };
}

/** What is logged of a fill in the background. */
export function refreshed({ put, reason, fillMs }: Pick<LogEvent, "put" | "reason" | "fillMs">) {
  return { get: "refresh" as const, put, ...(reason !== undefined && { reason }), fillMs };
}

/** What a cache's `log` option may be. */
export type LogOption = boolean | ((event: LogEvent) => unknown);
