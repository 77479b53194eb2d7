import type { Value } from "convex/values";
import { badCursor } from "../../../shared/errors.js";
import { isPlainObject } from "../../../shared/values.js";
import { fromJson, toJson } from "../../../shared/wire.js";
import type { TagPosition } from "../invalidation/listing.js";

/**
 * The cursor of a listing: what it lists, as the tag that covers it, and where the
 * last page ended. Convex's JSON, so that it holds any key and any commit.
 */
export const cursorOf = (covering: string, position: Value): string => toJson([covering, position]);

/** The key of the last row, in a listing by key. */
export type KeyPosition = { key: Value };

export function isKeyPosition(position: Value): position is KeyPosition {
  return isPlainObject(position) && position.key !== undefined;
}

export function isTagPosition(position: Value): position is TagPosition {
  const { key, time, ids } = isPlainObject(position) ? position : {};
  return (
    isPlainObject(key) &&
    typeof key.tag === "string" &&
    typeof key.startedAt === "bigint" &&
    typeof time === "number" &&
    Array.isArray(ids)
  );
}

/** Where a page begins, if not at the first row. Refuses a cursor that is none, or another listing's. */
export function positionIn<Position extends Value>(
  cache: string,
  covering: string,
  cursor: string | null,
  isPosition: (position: Value) => position is Position,
): Position | undefined {
  if (cursor === null) return undefined;
  const [listed, position] = read(cursor);
  if (listed === covering && position === null) return undefined;
  if (listed === covering && position !== undefined && isPosition(position)) return position;
  throw badCursor(cache, cursor);
}

function read(cursor: string): Value[] {
  try {
    const value = fromJson(cursor);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
