import type { Value } from "convex/values";
import { refusal } from "../shared/errors.js";
import type { Entry } from "../shared/protocol.js";
import { copyOf, copyOfAny } from "../shared/wire.js";
import type { Cache } from "./cache.js";
import { readValue } from "./checkValue.js";
import type { ActionContext } from "./contexts.js";
import { type ComputeContext, NOT_MODIFIED } from "./inline.js";

/** A stored value that a new one may be computed from. */
export type Previous = { id: string; value: Value };

/** The value of an entry, for `compute`; none where it can't be read, or is of another shape. */
export function previousOf(cache: Cache, { id, content }: Entry): Previous | undefined {
  const read = readValue(cache, content);
  return read.unusable === null ? { id, value: read.value as Value } : undefined;
}

/**
 * Runs a cache's `compute`, and takes its value as a nested action's would be: a
 * copy. Resolves to {@link NOT_MODIFIED} only where there is a previous value.
 */
export async function runCompute(
  { name, config }: Cache,
  ctx: ActionContext,
  args: Value,
  previous: Previous | undefined,
): Promise<unknown> {
  const compute = config.compute!;
  const before = previous && (copyOf(previous.value) as never);
  const value = await compute(ctx as ComputeContext, copyOf(args) as never, before);
  if (value !== NOT_MODIFIED) return copyOfAny(value ?? null);
  if (previous !== undefined) return NOT_MODIFIED;
  throw refusal({
    code: "INVALID_RESULT",
    cache: name,
    option: "the result of `compute`",
    value: undefined,
    says: "`NOT_MODIFIED` without a previous value",
    remedy: "Return it only where `previous` is given.",
  });
}
