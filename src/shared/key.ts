import { Base64, convexToJson, getConvexSize, type Value } from "convex/values";
import {
  MAX_DOCUMENT_BYTES,
  MAX_DOCUMENT_NESTING,
  MAX_INLINE_KEY_BYTES,
  MAX_INLINE_NESTING,
} from "./limits.js";
import { isPlainObject, nesting } from "./values.js";

/**
 * What identifies an entry within its cache.
 *
 * `key` stands in the `args` column: an object is the arguments themselves, an
 * array a key that is wrapped with its tenant, a string the SHA-256 of either.
 * `legacyKey` is where 0.3.1 stored the same entry, if that is elsewhere.
 */
export type Identity = { key: Value; legacyKey?: Value; tenant?: string };

/** Identifies the entry of these arguments. */
export async function identifyByArgs(args: Value, tenant?: string): Promise<Identity> {
  const canonicalArgs = canonical(args);
  if (tenant !== undefined) return { key: await wrap(tenant, "args", canonicalArgs), tenant };
  // Arguments are objects. Anything else that reaches the component by hand is
  // wrapped, so that it can't be mistaken for a wrapped key or a digest.
  const plain = isPlainObject(canonicalArgs);
  if (plain && fitsInline(canonicalArgs)) return { key: canonicalArgs };
  const key = plain ? await digest(canonicalArgs) : await wrap(null, "args", canonicalArgs);
  return fitsLegacyDocument(canonicalArgs) ? { key, legacyKey: canonicalArgs } : { key };
}

/** Identifies the entry of a key that the app derived from the arguments. */
export async function identifyByKey(derived: Value, tenant?: string): Promise<Identity> {
  const key = await wrap(tenant ?? null, "key", canonical(derived));
  return tenant === undefined ? { key } : { key, tenant };
}

/** Identifies the entry of a key as it is stored. */
export async function identifyByStored(stored: Value, tenant?: string): Promise<Identity> {
  // 0.3.1 stored arguments of any size, where ours are a digest.
  if (isPlainObject(stored)) return await identifyByArgs(stored, tenant);
  return tenant === undefined ? { key: stored } : { key: stored, tenant };
}

/** What a stored key holds: the arguments, or what the app derived from them, unless a digest stands for it. */
export function describeKey(stored: Value): { args: Value; key?: Value } {
  if (isPlainObject(stored)) return { args: stored };
  if (!Array.isArray(stored)) return { args: null };
  const held = unwrap(stored);
  return stored[1] === "args" ? { args: held } : { args: null, key: held };
}

/** What a stored key identifies an entry by: arguments, what the app derived from them, or a digest. */
export const unwrap = (stored: Value): Value => (Array.isArray(stored) ? stored[2]! : stored);

/** A key that tells its tenant and its kind, as it is stored. */
async function wrap(tenant: string | null, kind: "args" | "key", value: Value): Promise<Value> {
  const key = [tenant, kind, value];
  return fitsInline(key) ? key : await digest(key);
}

/** The SHA-256 of a value's canonical form, in base 64. */
export async function digest(value: Value): Promise<string> {
  // Convex's JSON tells all its types apart, and `0` from `-0`.
  const json = JSON.stringify(convexToJson(canonical(value)));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json));
  return Base64.fromByteArray(new Uint8Array(hash));
}

/** A copy with its fields sorted, without `undefined` ones, and with one `NaN`: equal for Convex is equal here. */
function canonical(value: Value): Value {
  if (typeof value === "number") return Number.isNaN(value) ? NaN : value;
  if (Array.isArray(value)) return value.map(canonical);
  if (!isPlainObject(value)) return primitive(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    fields.flatMap(([field, inner]) => (inner === undefined ? [] : [[field, canonical(inner)]])),
  );
}

function fitsInline(key: Value): boolean {
  return getConvexSize(key) <= MAX_INLINE_KEY_BYTES && nesting(key) <= MAX_INLINE_NESTING;
}

/** Refuses what is no Convex value, which would be the same key for all. */
function primitive(value: Value): Value {
  const isConvexValue =
    value === null ||
    value instanceof ArrayBuffer ||
    ["string", "number", "bigint", "boolean"].includes(typeof value);
  if (isConvexValue) return value;
  throw new TypeError(
    `the key is, or holds, a value of type ${typeof value}, which is no Convex value`,
  );
}

/** Whether 0.3.1 could have stored an entry under these arguments: it kept them in the document. */
function fitsLegacyDocument(args: Value): boolean {
  return getConvexSize(args) < MAX_DOCUMENT_BYTES && nesting(args) < MAX_DOCUMENT_NESTING;
}
