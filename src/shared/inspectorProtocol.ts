/** The messages between a page and the functions that `inspectorApi` makes; times as in `protocol.ts`. */
import { type Infer, type ObjectType, v } from "convex/values";
import type { listedEntry, listPage } from "./inspectProtocol.js";
import { explanation } from "./inspectProtocol.js";
import { invalidationMode, nullable, value } from "./protocol.js";

/** Names an entry by what a list of entries says of it. */
export const inspectedKey = {
  name: v.string(),
  /** Its `storedKey`. */
  key: value,
  tenant: v.optional(v.string()),
};
export type InspectedKey = ObjectType<typeof inspectedKey>;

/** Which entries to list. */
export const entriesRequest = {
  name: v.string(),
  tenant: v.optional(v.string()),
  tag: v.optional(v.string()),
  /** A part of the JSON of the arguments, or of the key; in letters of either case. */
  search: v.optional(v.string()),
  /** Where the last page ended; null for the first. */
  cursor: nullable(v.string()),
  /** The most entries of a page, from 1 to 1,000. */
  numItems: v.number(),
};
export type EntriesRequest = ObjectType<typeof entriesRequest>;
export type InspectedPage = Infer<typeof listPage>;
export type InspectedItem = Infer<typeof listedEntry>;

/** The start of a stored value's JSON, if the caller may see it and it is valid. */
const shownValue = v.union(
  v.object({ kind: v.literal("shown"), json: v.string(), isCut: v.boolean() }),
  /** `allow` does not let the caller see values. */
  v.object({ kind: v.literal("withheld") }),
  /** Nothing is stored, or what is was removed by an invalidation, or is incomplete. */
  v.object({ kind: v.literal("none") }),
);
export type ShownValue = Infer<typeof shownValue>;

/** All about one entry: `verdict(explanation, now)` judges it. */
export const inspectedEntry = v.object({
  explanation: v.object(explanation),
  /** Whether it is judged by the options of its cache, or by what is stored alone. */
  knowsOptions: v.boolean(),
  value: shownValue,
});
export type InspectedEntry = Infer<typeof inspectedEntry>;

/** Which entries to invalidate: of one tenant, of none, or of all. */
export const tagRequest = {
  tag: v.string(),
  tenant: v.optional(v.string()),
  allTenants: v.optional(v.boolean()),
  /** Default: "remove". */
  mode: v.optional(invalidationMode),
  /** Whether to fill them again. Default: false. */
  refresh: v.optional(v.boolean()),
};
