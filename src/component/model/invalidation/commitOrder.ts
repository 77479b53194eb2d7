import type { CommitTsPlaceholder } from "convex/values";

/** A commit timestamp; within the transaction that writes it, a placeholder. */
export type CommitTs = bigint | CommitTsPlaceholder;

/**
 * Compares two commits as `sort` does. A placeholder stands for this very
 * transaction, which is later than all that it can see; what has no timestamp
 * was stored by 0.3.1, and is earlier than all else.
 */
export function compareCommits(a: CommitTs | undefined, b: CommitTs | undefined): number {
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  return rank(a) - rank(b);
}

function rank(commit: CommitTs | undefined): number {
  if (commit === undefined) return 0;
  return typeof commit === "bigint" ? 1 : 2;
}
