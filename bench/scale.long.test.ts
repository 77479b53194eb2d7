import { expect, test } from "vitest";
import { growing, measureAmong } from "./scale.js";
import { ours } from "./subjects.js";

test("no operation costs more with 1,000 entries stored than with 10", async () => {
  const few = await measureAmong(ours, 10);
  const many = await measureAmong(ours, 1_000);
  expect(few.hit).toMatchObject({ queries: 1, documentsRead: 1 });
  expect(growing(few, many)).toEqual([]);
});
