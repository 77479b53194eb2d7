import { getFunctionName } from "convex/server";
import { refusal } from "../shared/errors.js";
import type { ActionCacheConfig, AnyAction } from "./options.js";

/** The name of a cache: the one given, or that of its action's function. */
export function nameOf<Action extends AnyAction>(config: ActionCacheConfig<Action>): string {
  const { name, action } = config;
  if (action === undefined || action === null) {
    throw refusal({
      code: "ACTION_REQUIRED",
      cache: name,
      option: "`action`",
      value: action,
      remedy: "Give a reference to the action that computes the values.",
    });
  }
  if (name) return name;
  try {
    return getFunctionName(action);
  } catch {
    throw refusal({
      code: "NAME_REQUIRED",
      option: "`name`",
      value: name,
      remedy: "None can be derived from this action, as of a component's: give one.",
    });
  }
}
