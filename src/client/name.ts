import { getFunctionName } from "convex/server";
import { refusal } from "../shared/errors.js";
import type { Config } from "./options.js";

/** The name of a cache: the one given, or that of its action's function. */
export function nameOf({ name, action, batchAction }: Config): string {
  if (name) return name;
  try {
    return getFunctionName((action ?? batchAction)!);
  } catch {
    throw refusal({
      code: "NAME_REQUIRED",
      option: "`name`",
      value: name,
      remedy:
        "None can be derived from `compute`, nor from this action, as of a component's: give one.",
    });
  }
}
