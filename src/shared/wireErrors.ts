import { ConvexError, type Value } from "convex/values";
import { MAX_ERROR_BYTES } from "./limits.js";
import type { WireError } from "./wireError.js";
import { fromJson, toJson } from "./wire.js";

const MAX_MESSAGE_LENGTH = 32 * 1024;

/** An error in the form in which it crosses to the component: a `ConvexError` with its data, of any other the message. */
export function errorToWire(error: unknown): WireError {
  const message = messageOf(error).slice(0, MAX_MESSAGE_LENGTH).toWellFormed();
  if (!isConvexError(error)) return { kind: "other", message };
  const { data } = error;
  if (data === undefined) return { kind: "convex", message };
  try {
    const json = toJson(data);
    if (json.length <= MAX_ERROR_BYTES) return { kind: "convex", message, data: json };
  } catch {
    // Data that is no Convex value: a mock threw it.
  }
  return { kind: "other", message };
}

/** The error that a wire form stands for. */
export function errorFromWire({ kind, message, data }: WireError): Error {
  if (kind === "other") return new Error(message);
  return new ConvexError((data === undefined ? undefined : fromJson(data)) as Value);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A ConvexError's own message is its data as JSON.
  const data = isConvexError(error) ? error.data : undefined;
  const told = typeof data === "object" && data !== null && "message" in data && data.message;
  return typeof told === "string" ? told : error.message;
}

/** By its mark, since an app may bundle another copy of the class. */
export function isConvexError(error: unknown): error is Error & { data: Value | undefined } {
  return typeof error === "object" && error !== null && Symbol.for("ConvexError") in error;
}
