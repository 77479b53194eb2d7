import { getConvexSize, type Value } from "convex/values";
import { decode, encode } from "./codec.js";
import { nesting } from "./key.js";
import {
  ENTRY_OVERHEAD_BYTES,
  MAX_DOCUMENT_BYTES,
  MAX_INLINE_NESTING,
  MAX_VALUE_BYTES,
  PART_BYTES,
} from "./limits.js";

/** A value as it crosses the component's boundary: itself, or packed where a document could not hold it. */
export type Content = { kind: "inline"; value: Value } | { kind: "packed"; parts: ArrayBuffer[] };

/**
 * Prepares a value for its entry.
 *
 * Resolves to null where the value is too large to be stored at all. `besides`
 * is what the entry's document holds apart from the value, in bytes.
 */
export function toContent(value: Value, besides: number): Content | null {
  const bytes = getConvexSize(value);
  if (bytes > MAX_VALUE_BYTES) return null;
  const inline =
    bytes + besides + ENTRY_OVERHEAD_BYTES <= MAX_DOCUMENT_BYTES &&
    nesting(value) <= MAX_INLINE_NESTING;
  return inline ? { kind: "inline", value } : { kind: "packed", parts: slice(encode(value)) };
}

/** The value of an entry. */
export function fromContent(content: Content): Value {
  return content.kind === "inline" ? content.value : decode(join(content.parts));
}

function slice(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer[] {
  const parts: ArrayBuffer[] = [];
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    parts.push(bytes.slice(start, start + PART_BYTES).buffer);
  }
  return parts;
}

function join(parts: ArrayBuffer[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), end);
    end += part.byteLength;
  }
  return whole;
}
