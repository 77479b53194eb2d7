import { type ObjectType, v } from "convex/values";
import { refusal } from "./errors.js";

/** What an operator clears: a cache, a tenant or a tenant's part of a cache, or everything. */
export const clearReach = {
  name: v.optional(v.string()),
  tenant: v.optional(v.string()),
  everything: v.optional(v.boolean()),
};

/** Refuses a clear that names nothing, or something and everything: neither may be meant. */
export function checkReach({ name, tenant, everything }: ObjectType<typeof clearReach>): void {
  const isNamed = name !== undefined || tenant !== undefined;
  if (isNamed !== (everything ?? false)) return;
  throw refusal({
    code: "INVALID_REQUEST",
    cache: name,
    option: "`everything`",
    value: everything,
    remedy: "Give a `name`, a `tenant` or both, or else `everything: true`.",
  });
}
