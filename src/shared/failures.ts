import { ConvexError, getConvexSize, type Value } from "convex/values";
import { type Carried, carry, uncarry } from "./carry.js";
import { MAX_ERROR_BYTES } from "./limits.js";

/** An error on its way to those who wait for the same fill: of a `ConvexError`, with its data. */
export type CarriedError = {
  kind: "convex" | "other";
  message: string;
  data?: Carried;
};

const MAX_MESSAGE_LENGTH = 32 * 1024;

/** Prepares an error for its way: a `ConvexError` with its data, of any other the message. */
export function carryError(error: unknown): CarriedError {
  const message = messageOf(error).slice(0, MAX_MESSAGE_LENGTH);
  if (!isConvexError(error)) return { kind: "other", message };
  const { data } = error;
  if (data === undefined) return { kind: "convex", message };
  try {
    if (getConvexSize(data) <= MAX_ERROR_BYTES) {
      return { kind: "convex", message, data: carry(data) };
    }
  } catch {
    // Data that Convex does not carry: a mock threw it.
  }
  return { kind: "other", message };
}

/** An error that has come its way. */
export function uncarryError(error: CarriedError | undefined): Error {
  if (error?.kind !== "convex") return new Error(error?.message ?? "the fill failed");
  return new ConvexError((error.data && uncarry(error.data)) as Value);
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
