import { describe, expect, test } from "vitest";
import { type Position, rowsFrom } from "./model/scan.js";

type Row = { _id: string; _creationTime: number; key: number };

/** Rows in the order of an index whose keys and creation times are often equal. */
const rows: Row[] = Array.from({ length: 24 }, (_, n) => ({
  _id: `row ${(n * 7) % 24}`,
  _creationTime: Math.floor(n / 3) % 4,
  key: Math.floor(n / 12),
}));

async function* each(wanted: (row: Row) => boolean) {
  for (const row of rows) if (wanted(row)) yield await Promise.resolve(row);
}

const scan = {
  keyOf: ({ key }: Row) => key,
  all: () => each(() => true),
  at: (key: number, time: number) => each((row) => row.key === key && row._creationTime >= time),
  behind: (key: number) => each((row) => row.key > key),
};

describe("a scan that is resumed at its last position", () => {
  test.each([1, 2, 3, 5, 24])("visits each row once, %i at a time", async (size) => {
    const visited: string[] = [];
    let from: Position<number> | undefined;
    for (let batch = 0; batch < 30; batch++) {
      let count = 0;
      for await (const { row, position } of rowsFrom(scan, from)) {
        visited.push(row._id);
        from = position;
        if (++count === size) break;
      }
    }
    expect(visited).toEqual(rows.map(({ _id }) => _id));
  });
});
