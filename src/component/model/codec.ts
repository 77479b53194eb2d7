import { Decoder, Encoder } from "@msgpack/msgpack";
import type { Value } from "convex/values";

/** Deeper than any value that Convex allows. */
const MAX_DEPTH = 128;

/**
 * Packs a Convex value as MessagePack, at about the size that Convex gives it.
 * Every number is a float of 64 bits, so `0`, `-0`, `1` and `1n` stay apart.
 */
export function encode(value: Value): Uint8Array<ArrayBuffer> {
  // An encoder for each call, because one that is shared keeps its largest buffer.
  const encoder = new Encoder({
    useBigInt64: true,
    forceIntegerToFloat: true,
    ignoreUndefined: true,
    maxDepth: MAX_DEPTH,
  });
  return encoder.encode(mapBytes(value, (bytes) => new Uint8Array(bytes as ArrayBuffer)));
}

/** Unpacks what {@link encode} packed. */
export function decode(packed: Uint8Array): Value {
  const decoder = new Decoder({ useBigInt64: true });
  return mapBytes(decoder.decode(packed), (bytes) => (bytes as Uint8Array).slice().buffer) as Value;
}

/** A copy in which bytes are what the other side calls them: MessagePack takes an `ArrayBuffer` for a map. */
function mapBytes(value: unknown, map: (bytes: ArrayBuffer | Uint8Array) => unknown): unknown {
  if (value instanceof ArrayBuffer || value instanceof Uint8Array) return map(value);
  if (Array.isArray(value)) return value.map((element) => mapBytes(element, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [field, mapBytes(inner, map)]),
  );
}
