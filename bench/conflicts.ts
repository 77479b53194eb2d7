/** Which transactions Convex would not let commit side by side. */
import {
  CommitTsPlaceholder,
  compareValues,
  jsonToConvex,
  type JSONValue,
  type Value,
} from "convex/values";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import type { Access, Range, Write } from "../src/testing/syscalls.js";

export type Schema = SchemaDefinition<GenericSchema, boolean>;
type Doc = NonNullable<Write["after"]>;
type Filter = { type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte"; fieldPath: string; value: JSONValue };

/** Whether one of two transactions that began together would have to be run again. */
export function conflict(schema: Schema, one: Access[], other: Access[]): boolean {
  return invalidates(schema, one, other) || invalidates(schema, other, one);
}

/**
 * Whether something that `reader` read was changed by `writer`, which has
 * committed meanwhile: its placeholders stand for a commit timestamp that is later
 * than all that the reader saw, and earlier than the one that it will have itself.
 */
export function invalidates(schema: Schema, writer: Access[], reader: Access[]): boolean {
  const reads = reader.filter(({ isStale }) => !isStale);
  return changesOf(writer).some((change) => reads.some((read) => touches(schema, change, read)));
}

const READERS_COMMIT = 2n ** 63n - 1n;
const WRITERS_COMMIT = READERS_COMMIT - 1n;

/** What a transaction has changed once it has committed, whatever happened in between. */
function changesOf(accesses: Access[]): Write[] {
  const changes = new Map<string, Write>();
  for (const access of accesses) {
    if (access.kind !== "write") continue;
    const { before } = changes.get(access.id) ?? access;
    changes.set(access.id, { ...access, before });
  }
  return [...changes.values()];
}

function touches(schema: Schema, change: Write, read: Access): boolean {
  // An update reads the document first. Nobody else knows of one that was just
  // inserted: an equal id is that of another copy of the database.
  if (read.kind !== "range") return read.id === change.id && change.before !== null;
  return (
    read.index.split(".")[0] === change.table &&
    [change.before, change.after].some((doc) => doc !== null && isWithin(schema, read, doc))
  );
}

function isWithin(schema: Schema, range: Range, doc: Doc): boolean {
  if (!(range.range as Filter[]).every((filter) => passes(filter, doc))) return false;
  const last = range.documents.at(-1);
  if (last === undefined || range.isExhausted) return true;
  const order = compareBy(fieldsOf(schema, range.index), doc, last);
  return range.order === "desc" ? order >= 0 : order <= 0;
}

function passes({ type, fieldPath, value }: Filter, doc: Doc): boolean {
  const order = compareValues(writersField(doc, fieldPath), readersBound(value));
  switch (type) {
    case "Eq":
      return order === 0;
    case "Gt":
      return order > 0;
    case "Gte":
      return order >= 0;
    case "Lt":
      return order < 0;
    case "Lte":
      return order <= 0;
  }
}

function fieldsOf(schema: Schema, index: string): string[] {
  const [table, name] = index.split(".") as [string, string];
  const declared = schema.tables[table]?.[" indexes"]().find(
    ({ indexDescriptor }) => indexDescriptor === name,
  );
  return [...(declared?.fields ?? []), "_creationTime", "_id"];
}

function compareBy(fields: string[], written: Doc, read: Doc): number {
  for (const field of fields) {
    const order = compareValues(
      writersField(written, field),
      resolved(fieldOf(read, field), READERS_COMMIT),
    );
    if (order !== 0) return order;
  }
  return 0;
}

const writersField = (doc: Doc, path: string) => resolved(fieldOf(doc, path), WRITERS_COMMIT);

function readersBound(value: JSONValue): Value | undefined {
  const isAbsent = typeof value === "object" && value !== null && "$undefined" in value;
  return isAbsent ? undefined : resolved(jsonToConvex(value), READERS_COMMIT);
}

const resolved = (value: unknown, commit: bigint) =>
  (value instanceof CommitTsPlaceholder ? commit : value) as Value | undefined;

function fieldOf(doc: Doc, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, field) => (value as Record<string, unknown> | null)?.[field], doc);
}
