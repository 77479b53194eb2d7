import type { Infer } from "convex/values";
import { carry, uncarry } from "../../shared/carry.js";
import type { CarriedError } from "../../shared/failures.js";
import type { storedError } from "../validators.js";
import { decode, encode } from "./codec.js";

type StoredError = Infer<typeof storedError>;

/** An error as a document holds it: its data may nest deeper than a document. */
export function packError({ data, ...error }: CarriedError): StoredError {
  return data === undefined ? error : { ...error, data: encode(uncarry(data)).buffer };
}

/** An error as it was thrown. */
export function unpackError({ data, ...error }: StoredError): CarriedError {
  return data === undefined ? error : { ...error, data: carry(decode(new Uint8Array(data))) };
}
