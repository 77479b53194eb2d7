import type { Wire } from "../shared/protocol.js";
import { copyOfAny, fromWire } from "../shared/wire.js";
import { messageOf } from "../shared/wireErrors.js";
import type { Cache } from "./cache.js";
import { returned } from "./userFunctions.js";

/** A value that was read, or why it can't be used. */
type ReadValue = { unusable: null; value: unknown } | { unusable: "shape" | "incomplete" };

/** Reads what is stored. What is of another shape, or can't be read whole, is as if nothing were stored. */
export function readValue(cache: Cache, content: Wire): ReadValue {
  let value: unknown;
  try {
    value = fromWire(content);
  } catch {
    return { unusable: "incomplete" };
  }
  return isExpected(cache, value) ? { unusable: null, value } : { unusable: "shape" };
}

/** Whether a value is of the shape that `checkValue` wants; where that fails, it is not. */
export function isExpected({ config, warnings }: Cache, value: unknown): boolean {
  const { checkValue } = config;
  if (checkValue === undefined) return true;
  let why = "it returned neither true nor false";
  try {
    const is: unknown = returned(checkValue(copyOfAny(value) as never));
    if (typeof is === "boolean") return is;
  } catch (error) {
    why = messageOf(error);
  }
  warnings.warn(
    "checkValue",
    `\`checkValue\` fails, so what is stored is computed anew: ${why}. It must return true or false, whatever the value is.`,
  );
  return false;
}
