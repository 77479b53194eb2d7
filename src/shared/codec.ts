import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import type { Value } from "convex/values";

/** MessagePack would take an `ArrayBuffer` for an empty map, so it has a type of its own. */
const BYTES_EXTENSION = 1;

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: BYTES_EXTENSION,
  encode: (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : null),
  decode: (bytes) => bytes.slice().buffer,
});

const FORMAT = {
  extensionCodec,
  useBigInt64: true,
  maxDepth: 128,
} as const;

/**
 * Packs a Convex value as MessagePack, at about the size that Convex gives it.
 *
 * Equal values have equal bytes: fields are sorted and `undefined` ones left
 * out, and every number is a float of 64 bits, so `0`, `-0`, `1` and `1n` differ.
 */
export function encode(value: Value): Uint8Array<ArrayBuffer> {
  // An encoder for each call, because one that is shared keeps its largest buffer.
  return new Encoder({
    ...FORMAT,
    sortKeys: true,
    forceIntegerToFloat: true,
    ignoreUndefined: true,
  }).encode(value);
}

/** Unpacks what {@link encode} packed. */
export function decode(bytes: Uint8Array): Value {
  return new Decoder(FORMAT).decode(bytes) as Value;
}
