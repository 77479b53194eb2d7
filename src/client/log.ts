/** What became of one fetch. */
export type LogEvent = {
  type: "action-cache-stats";
  /** The name of the cache. */
  name: string;
  /**
   * `hit`: a stored value; `stale`: one past its ttl, within a window; `miss`: the action ran, or a value stored meanwhile
   * was found; `coalesced`: the value of a fill that another caller ran.
   */
  get: "hit" | "stale" | "miss" | "coalesced";
  /**
   * After a miss: `created` or `replaced` an entry; `hit`, another fill's value
   * was used; `skipped`, the value was not stored; `rejected`, the entry was
   * invalidated, or filled anew, while the action ran.
   */
  put?: "created" | "replaced" | "hit" | "skipped" | "rejected";
  /** Why a value was not stored, or why a stale one was served although the action ran. */
  reason?: string;
};

/** Reports events as a cache's `log` option asks. A logger that throws costs no one a value. */
export function report(log: boolean | ((event: LogEvent) => void) | undefined, event: LogEvent) {
  try {
    if (typeof log === "function") log(event);
    else if (log) console.log(JSON.stringify(event));
  } catch (error) {
    console.error("action cache: the `log` function threw:", error);
  }
}
