import { ConvexError, type Value } from "convex/values";
import { decode, encode } from "../shared/codec.js";

/** An error on its way through the database to those who wait for the same fill. */
export type SerializedError = {
  kind: "convex" | "other";
  message: string;
  data?: ArrayBuffer;
};

/** What of an error is kept: it lies in one document, beside little else. */
const MAX_DATA_BYTES = 512 * 1024;
const MAX_MESSAGE_LENGTH = 32 * 1024;

/** Packs an error: a `ConvexError` with its data, of any other the message. */
export function serializeError(error: unknown): SerializedError {
  const message = messageOf(error).slice(0, MAX_MESSAGE_LENGTH);
  if (!isConvexError(error)) return { kind: "other", message };
  if (error.data === undefined) return { kind: "convex", message };
  try {
    const data = encode(error.data).buffer;
    if (data.byteLength <= MAX_DATA_BYTES) return { kind: "convex", message, data };
  } catch {
    // Data that can't be packed is not data that Convex would have carried.
  }
  return { kind: "other", message };
}

/** Unpacks what {@link serializeError} packed. */
export function deserializeError(error: SerializedError | undefined): Error {
  if (error?.kind !== "convex") return new Error(error?.message ?? "the fill failed");
  const data = error.data && decode(new Uint8Array(error.data));
  return new ConvexError(data as Value);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** By its mark, since an app may bundle another copy of the class. */
function isConvexError(error: unknown): error is ConvexError<Value> {
  return typeof error === "object" && error !== null && Symbol.for("ConvexError") in error;
}
