/**
 * What an invalidation covers, as text: everything, a name, a tenant, and an
 * app's own tags alike. JSON, so that no character of one part reaches into another.
 */
export const EVERYTHING = JSON.stringify(["everything"]);

/** Covers the entries of one name, of all its tenants; with a tenant, that tenant's only. */
export function nameTag(name: string, tenant?: string): string {
  return JSON.stringify(tenant === undefined ? ["name", name] : ["name", name, tenant]);
}

/** Covers the entries of one tenant, of all names. */
export const tenantTag = (tenant: string): string => JSON.stringify(["tenant", tenant]);

/** Covers the entries that the app gave a tag: a tenant's, or those of no tenant. */
export function appTag(tag: string, tenant?: string): string {
  return JSON.stringify(tenant === undefined ? ["tag", tag] : ["tag", tag, tenant]);
}

/** What an entry or a fill is known by. */
export type Labels = { name: string; tenant?: string; tags?: string[] };

/** All tags by which an entry is covered without a row of its own in the table of tags. */
export function impliedTags({ name }: Labels): string[] {
  return [EVERYTHING, nameTag(name)];
}

/** The tags of an entry that are rows, by which its invalidations find it. */
export function listedTags({ name, tenant, tags = [] }: Labels): string[] {
  const own = tags.map((tag) => appTag(tag, tenant));
  return tenant === undefined ? own : [tenantTag(tenant), nameTag(name, tenant), ...own];
}

/** How the entries that a tag covers are found. */
export type Reach = { kind: "everything" } | { kind: "name"; name: string } | { kind: "listed" };

/** Tells how the entries that a tag covers are found. */
export function reachOf(tag: string): Reach {
  const [kind, name, tenant] = JSON.parse(tag) as string[];
  if (kind === "everything") return { kind };
  if (kind === "name" && name !== undefined && tenant === undefined) return { kind, name };
  return { kind: "listed" };
}
