import { compareValues, type Infer } from "convex/values";
import type { namesPage } from "../../../shared/inspectProtocol.js";
import type { QueryCtx } from "../../_generated/server.js";
import { listFirst } from "./room.js";

/** A name costs a seek that reads one entry of it, with a value of up to 1 MiB. */
const MAX_NAMES = 256;

/** The names of caches that have entries or figures, in order, behind one. Reads no clock. */
export async function listNames(
  ctx: QueryCtx,
  after: string | undefined,
): Promise<Infer<typeof namesPage>> {
  const { items, isDone } = await listFirst(
    ctx,
    namesBehind(ctx, after),
    MAX_NAMES,
    (name) => name,
  );
  return { names: items, isDone };
}

/** The names behind one, each by a seek of its own in either table. */
export async function* namesBehind(
  ctx: QueryCtx,
  after: string | undefined,
): AsyncGenerator<string> {
  let stored = await storedBehind(ctx, after);
  let counted = await countedBehind(ctx, after);
  for (let name = first(stored, counted); name !== undefined; name = first(stored, counted)) {
    yield name;
    if (stored === name) stored = await storedBehind(ctx, name);
    if (counted === name) counted = await countedBehind(ctx, name);
  }
}

async function storedBehind(ctx: QueryCtx, after: string | undefined) {
  const rows = ctx.db.query("values");
  const behind =
    after === undefined ? rows.withIndex("key") : rows.withIndex("key", (q) => q.gt("name", after));
  return (await behind.first())?.name;
}

async function countedBehind(ctx: QueryCtx, after: string | undefined) {
  const rows = ctx.db.query("figures");
  const behind =
    after === undefined
      ? rows.withIndex("figures")
      : rows.withIndex("figures", (q) => q.gt("name", after));
  return (await behind.first())?.name;
}

/** The first of two names in the order of an index, of which either may be missing. */
function first(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareValues(one, other) <= 0 ? one : other;
}
