/** Which transactions Convex would not let commit side by side. */
import {
  CommitTsPlaceholder,
  compareValues,
  jsonToConvex,
  type JSONValue,
  type Value,
} from "convex/values";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import type { Access } from "../src/testing/syscalls.js";
import { isExhausted } from "./ranges.js";

export type Schema = SchemaDefinition<GenericSchema, boolean>;
type Write = Extract<Access, { kind: "write" }>;
type Range = Extract<Access, { kind: "range" }>;
type Doc = NonNullable<Write["after"]>;
type Filter = { type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte"; fieldPath: string; value: JSONValue };

/**
 * Whether one of two transactions that began together would have to be run again.
 * Each has run in a copy of the same database, where new documents may get equal
 * ids that they would not get in one.
 */
export function conflict(schema: Schema, one: Access[], other: Access[]): boolean {
  const [a, b] = [withOwnIds(one, "one"), withOwnIds(other, "other")];
  return invalidates(schema, a, b) || invalidates(schema, b, a);
}

function withOwnIds(accesses: Access[], owner: string): Access[] {
  const inserted = new Set(
    accesses.flatMap((access) => (access.kind === "write" && isInsert(access) ? [access.id] : [])),
  );
  return accesses.map((access) =>
    access.kind !== "range" && inserted.has(access.id)
      ? { ...access, id: `${owner} ${access.id}` }
      : access,
  );
}

/** Whether something that `reader` read was changed by `writer`. */
export function invalidates(schema: Schema, writer: Access[], reader: Access[]): boolean {
  return writer.some(
    (write) => write.kind === "write" && reader.some((read) => touches(schema, write, read)),
  );
}

function touches(schema: Schema, write: Write, read: Access): boolean {
  switch (read.kind) {
    case "get":
      return read.id === write.id;
    case "write":
      // An update reads the document first.
      return read.id === write.id;
    case "range":
      return [write.before, write.after].some(
        (doc) => doc !== null && tableOf(read) === write.table && isWithin(schema, read, doc),
      );
  }
}

const isInsert = (write: Write) => write.before === null && write.after !== null;

const tableOf = (range: Range) => range.index.split(".")[0]!;

function isWithin(schema: Schema, range: Range, doc: Doc): boolean {
  if (!(range.range as Filter[]).every((filter) => passes(filter, doc))) return false;
  const last = range.documents.at(-1);
  if (last === undefined || isExhausted(range)) return true;
  const order = compareBy(fieldsOf(schema, range.index), doc, last);
  return range.order === "desc" ? order >= 0 : order <= 0;
}

function passes({ type, fieldPath, value }: Filter, doc: Doc): boolean {
  const order = compareValues(fieldOf(doc, fieldPath), boundOf(value));
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

function compareBy(fields: string[], a: Doc, b: Doc): number {
  for (const field of fields) {
    const order = compareValues(fieldOf(a, field), fieldOf(b, field));
    if (order !== 0) return order;
  }
  return 0;
}

/** A commit timestamp that is not known yet is later than all that are. */
const LATEST = 2n ** 63n - 1n;

function fieldOf(doc: Doc, path: string): Value | undefined {
  let value: unknown = doc;
  for (const field of path.split(".")) {
    value = (value as Record<string, unknown> | null | undefined)?.[field];
  }
  return value instanceof CommitTsPlaceholder ? LATEST : (value as Value | undefined);
}

function boundOf(value: JSONValue): Value | undefined {
  const absent = typeof value === "object" && value !== null && "$undefined" in value;
  return absent ? undefined : jsonToConvex(value);
}
