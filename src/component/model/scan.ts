import { compareValues, type Infer, v, type Validator, type Value } from "convex/values";

/**
 * A position in an index, behind which the next batch goes on. Rows may share a key
 * and even a creation time, so it names the rows of that very moment that are done.
 */
export const positionOf = <Key extends Validator<Value, "required", string>>(key: Key) =>
  v.object({ key, time: v.number(), ids: v.array(v.string()) });
export type Position<Key extends Value = Value> = { key: Key; time: number; ids: string[] };

/** A position in the order of a time in ms, and in that of commits. */
export const timePosition = positionOf(v.number());
export const commitPosition = positionOf(v.int64());
export type CommitPosition = Infer<typeof commitPosition>;

/** How one index is read from a position on. */
export type Scan<Row, Key extends Value> = {
  keyOf: (row: Row) => Key;
  /** All rows, in the order of the index. */
  all: () => AsyncIterable<Row>;
  /** The rows of one key, from a creation time on. */
  at: (key: Key, time: number) => AsyncIterable<Row>;
  /** The rows of later keys. */
  behind: (key: Key) => AsyncIterable<Row>;
};

/** A scan in the order of creation, given the rows from a time on: all have one key. */
export const byCreation = <Row>(from: (time: number) => AsyncIterable<Row>): Scan<Row, null> => ({
  keyOf: () => null,
  all: () => from(0),
  at: (_, time) => from(time),
  behind: nothing,
});

async function* nothing(): AsyncGenerator<never> {}

/** The rows behind a position, each with the position that it makes. */
export async function* rowsFrom<
  Row extends { _id: string; _creationTime: number },
  Key extends Value,
>(
  scan: Scan<Row, Key>,
  from: Position<Key> | undefined,
): AsyncGenerator<{ row: Row; position: Position<Key> }> {
  let last = from;
  for await (const row of from === undefined ? scan.all() : remaining(scan, from)) {
    const key = scan.keyOf(row);
    const isSameMoment =
      last !== undefined && last.time === row._creationTime && compareValues(last.key, key) === 0;
    if (isSameMoment && last!.ids.includes(row._id)) continue;
    last = {
      key,
      time: row._creationTime,
      ids: isSameMoment ? [...last!.ids, row._id] : [row._id],
    };
    yield { row, position: last };
  }
}

async function* remaining<Row, Key extends Value>(
  { at, behind }: Scan<Row, Key>,
  { key, time }: Position<Key>,
): AsyncGenerator<Row> {
  yield* at(key, time);
  yield* behind(key);
}
