import { type Infer, v, type Validator } from "convex/values";
import type { KeptInvalidation } from "../../../shared/inspectProtocol.js";
import type { QueryCtx } from "../../_generated/server.js";
import { listFailures, listFills, listInvalidations } from "../inspect/recent.js";
import { moment } from "./format.js";

/** Whether there are more than are listed. */
const note = v.optional(v.string());
const noteOn = (isDone: boolean) =>
  isDone ? undefined : "There are more, which are not listed here.";

const labels = { name: v.string(), tenant: v.optional(v.string()), digest: v.string() };
const listed = <Fields extends Record<string, Validator<unknown, "required" | "optional", string>>>(
  fields: Fields,
) => v.array(v.object(fields));

export const fillsReport = v.object({
  fills: listed({ ...labels, state: v.string(), since: v.string(), lease: v.string() }),
  note,
});

/** The fills that hold leases, as a terminal shows them. */
export async function reportFills(ctx: QueryCtx): Promise<Infer<typeof fillsReport>> {
  const now = Date.now();
  const { items, isDone } = await listFills(ctx);
  const fills = items.map(({ name, tenant, leaseKey, state, since, leaseUntil }) => ({
    name,
    tenant,
    digest: leaseKey,
    state,
    since: moment(since, now),
    lease: `${leaseUntil > now ? "until" : "lapsed at"} ${moment(leaseUntil, now)}`,
  }));
  return { fills, note: noteOn(isDone) };
}

export const failuresReport = v.object({
  failures: listed({
    ...labels,
    message: v.optional(v.string()),
    began: v.string(),
    rethrown: v.string(),
    refreshed: v.string(),
  }),
  note,
});

/** The failures that are remembered, as a terminal shows them. */
export async function reportFailures(ctx: QueryCtx): Promise<Infer<typeof failuresReport>> {
  const now = Date.now();
  const { items, isDone } = await listFailures(ctx);
  const failures = items.map(({ name, tenant, leaseKey, message, beganAt, until, retryAt }) => ({
    name,
    tenant,
    digest: leaseKey,
    message: message ?? undefined,
    began: moment(beganAt, now),
    rethrown: until === null ? "never" : `until ${moment(until, now)}`,
    refreshed: `not before ${moment(retryAt, now)}`,
  }));
  return { failures, note: noteOn(isDone) };
}

export const invalidationsReport = v.object({
  invalidations: listed({
    what: v.string(),
    mode: v.string(),
    at: v.string(),
    refresh: v.boolean(),
    storage: v.string(),
  }),
  note,
});

const STORAGE = {
  pending: "to be deleted",
  swept: "deleted",
  expiring: "kept, as stale",
};

/** The invalidations that are kept, as a terminal shows them. */
export async function reportInvalidations(
  ctx: QueryCtx,
): Promise<Infer<typeof invalidationsReport>> {
  const now = Date.now();
  const { items, isDone } = await listInvalidations(ctx);
  const invalidations = items.map((invalidation) => ({
    what: coverIn(invalidation, now),
    mode: invalidation.mode,
    at: moment(invalidation.at, now),
    refresh: invalidation.refresh,
    storage: STORAGE[invalidation.state],
  }));
  return { invalidations, note: noteOn(isDone) };
}

/** What an invalidation covers, in words. */
function coverIn(
  { by, name, tag, tenant, allTenants, before }: KeptInvalidation,
  now: number,
): string {
  const what = [
    by,
    ...[name, tag, by === "tenant" ? tenant : undefined].flatMap(quoted),
    ...(by === "tenant" ? [] : quoted(tenant).map((tenant) => `of tenant ${tenant}`)),
    ...(allTenants ? ["of all tenants"] : []),
    ...(before === undefined ? [] : [`created up to ${moment(before, now)}`]),
  ];
  return what.join(" ");
}

const quoted = (label: string | undefined) => (label === undefined ? [] : [`\`${label}\``]);
