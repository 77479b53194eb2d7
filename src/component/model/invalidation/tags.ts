/**
 * What an invalidation covers, as a string: everything, a name, a tenant, and an
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

/** Covers the entries that the app gave a tag, of every tenant and of none. */
export const sharedTag = (tag: string): string => JSON.stringify(["tag of all", tag]);

/** What an entry or a fill is known by. */
export type Labels = { name: string; tenant?: string; tags?: string[] };

/** The tags of an entry that are rows, by which its invalidations find it. */
export function listedTags({ name, tenant, tags = [] }: Labels): string[] {
  const own = tags.map((tag) => appTag(tag, tenant));
  return tenant === undefined ? own : [tenantTag(tenant), nameTag(name, tenant), ...own];
}

/** All tags whose invalidations cover an entry. */
export function coveringTags(labels: Labels): string[] {
  const { name, tags = [] } = labels;
  return [EVERYTHING, nameTag(name), ...listedTags(labels), ...tags.map(sharedTag)];
}

/**
 * Where to look for the entries that a tag covers: among all, by their name, or
 * in the table of tags, from one string on and up to another.
 */
export type Reach =
  | { kind: "everything" }
  | { kind: "name"; name: string }
  | { kind: "listed"; from: string; to: string };

/** Tells where to look for the entries that a tag covers. */
export function reachOf(tag: string): Reach {
  const [kind, first, tenant] = JSON.parse(tag) as [string, string, string?];
  if (kind === "everything") return { kind };
  if (kind === "name" && tenant === undefined) return { kind, name: first };
  if (kind !== "tag of all") return { kind: "listed", from: tag, to: tag };
  // A tenant's tag goes on with a comma where that of no tenant ends with a bracket,
  // so the one is first of all and a bracket follows the last of the others.
  const start = appTag(first).slice(0, -1);
  return { kind: "listed", from: `${start},`, to: `${start}]` };
}

/** What a tag covers, in the app's own words. */
export function coverOf(tag: string) {
  const [kind, first, second] = JSON.parse(tag) as [string, string, string?];
  if (kind === "everything" || kind === "name") return { by: kind, tenant: second } as const;
  if (kind === "tenant") return { by: kind, tenant: first } as const;
  return { by: "tag", tag: first, tenant: second } as const;
}

/** The same, for those who ask of no one entry: with its name, and whether it reaches every tenant. */
export function fullCoverOf(tag: string) {
  const [kind, name] = JSON.parse(tag) as [string, string];
  return {
    ...coverOf(tag),
    name: kind === "name" ? name : undefined,
    allTenants: kind === "tag of all" ? true : undefined,
  };
}

/** Whether a tag can concern a remembered failure: it has no value, and so none of the app's tags. */
export function concernsFailures(tag: string): boolean {
  const [kind] = JSON.parse(tag) as [string];
  return kind !== "tag" && kind !== "tag of all";
}
